import type { ComponentChildren } from 'preact';

/** A table that scrolls in its own place, and can be reached by keyboard for that. */
export function PlainTable({ label, titles, numbers = [], class: name = 'wide-table', children }: PlainTableProps) {
  return (
    <div class={name} tabindex={0} role="group" aria-label={label}>
      <table>
        <thead>
          <tr>
            {titles.map((title) => (
              <th key={title} scope="col" class={numbers.includes(title) ? 'is-number' : ''}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

interface PlainTableProps {
  readonly label: string;
  readonly titles: readonly string[];
  /** Those of the titles that figures stand below. */
  readonly numbers?: readonly string[];
  readonly class?: string;
  /** Its rows. */
  readonly children: ComponentChildren;
}
