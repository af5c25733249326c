import type { ComponentChildren } from 'preact';
import type { Parts } from '../text/format.js';

/** A figure with its unit and what it is of. */
export function Figure({ label, parts, tone, note }: FigureProps) {
  return (
    <div class={`figure${tone === undefined ? '' : ` figure--${tone}`}`}>
      <dt>{label}</dt>
      <dd>
        <span class="figure-value">{parts.value}</span>
        {parts.unit !== '' && <span class="figure-unit"> {parts.unit}</span>}
        {note !== undefined && <span class="figure-note">{note}</span>}
      </dd>
    </div>
  );
}

interface FigureProps {
  readonly label: string;
  readonly parts: Parts;
  readonly tone?: 'event' | 'alarm';
  readonly note?: string;
}

/** What stands where there is nothing to show. */
export function Empty({ children }: { readonly children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

export function ErrorNote({ children }: { readonly children: ComponentChildren }) {
  return (
    <p class="error-note" role="alert">
      {children}
    </p>
  );
}

/** How much of what was asked for is given, as a bar. */
export function Share({
  given,
  asked,
  label,
}: {
  readonly given: number | null;
  readonly asked: number | null;
  readonly label: string;
}) {
  const share = given === null || asked === null || asked <= 0 ? 0 : Math.min(1, Math.max(0, given / asked));
  return (
    <div
      class="share"
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(share * 100)}
    >
      <div class="share-given" style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}

export function Card({ title, actions, children, class: name = '', isPage = false }: CardProps) {
  const id = `card-${title.toLowerCase().replaceAll(/[^a-z]+/g, '-')}`;
  return (
    <section class={`card ${name}`} aria-labelledby={id}>
      <header class="card-head">
        {isPage ? <h1 id={id}>{title}</h1> : <h2 id={id}>{title}</h2>}
        {actions !== undefined && <div class="card-actions">{actions}</div>}
      </header>
      {children}
    </section>
  );
}

interface CardProps {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
  /** It is what the page is about. */
  readonly isPage?: boolean;
}
