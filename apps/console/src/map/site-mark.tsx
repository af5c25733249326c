import type { ReadonlySignal } from '@preact/signals';
import type { VenSummary } from '@venfleet/console-api';
import { useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { count, power } from '../text/format.js';
import { MarkShape } from '../ui/state-mark.js';
import type { Site } from './sites.js';

/** An arc around a smaller circle than this tells nothing. */
const ARC_FROM = 3;
/** What a finger or the mouse must hit. */
const LEAST_TARGET = 3.2;

/** One VEN on the map. It is drawn anew only when something is said of this VEN. */
export function SiteMark({ site, ven, isSelected, isStop, isFaded }: SiteMarkProps) {
  const { state, lastReportAt, requestedW, deliveredW } = ven.value;
  const { states } = useWords();
  const classes = ['site', `mark--${state}`, isSelected ? 'is-selected' : '', isFaded ? 'is-faded' : ''];
  return (
    <a
      class={classes.join(' ')}
      href={hrefOf({ page: 'ven', ven: site.id })}
      data-ven={site.id}
      tabindex={isStop ? 0 : -1}
      aria-label={spoken(ven.value, states[state].name)}
      style={{ '--x': `${site.x}px`, '--y': `${site.y}px` }}
    >
      {lastReportAt !== null && <circle key={lastReportAt} class="site-ping" r={site.radius} />}
      <circle class="site-halo" r={Math.max(site.radius + 1.6, LEAST_TARGET)} />
      <MarkShape state={state} radius={site.radius} />
      {state === 'in-event' && site.radius >= ARC_FROM && (
        <Delivered radius={site.radius} given={deliveredW} asked={requestedW} />
      )}
    </a>
  );
}

interface SiteMarkProps {
  readonly site: Site;
  readonly ven: ReadonlySignal<VenSummary>;
  readonly isSelected: boolean;
  /** Whether Tab stops here. */
  readonly isStop: boolean;
  readonly isFaded: boolean;
}

/** Of a VEN in an event an arc around it: how much of what was asked for is given. */
function Delivered({ radius, given, asked }: { radius: number; given: number | null; asked: number | null }) {
  if (given === null || asked === null || asked <= 0) return null;
  const share = Math.min(1, Math.max(0, given / asked));
  const around = 2 * Math.PI * radius;
  return <circle class="site-given" r={radius} transform="rotate(-90)" stroke-dasharray={`${share * around} ${around}`} />;
}

/** What a screen reader says of it. */
function spoken({ name, resources, loadW, baselineW }: VenSummary, state: string): string {
  const load = loadW === null ? '' : `, ${power(loadW)}${baselineW === null ? '' : ` of ${power(baselineW)}`}`;
  return `${name}, ${count(resources)} resources, ${state.toLowerCase()}${load}`;
}
