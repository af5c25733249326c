import type { Signal } from '@preact/signals';
import type { VenState } from '@venfleet/console-api';
import { usePage } from '../app/context.js';
import { count, counted } from '../text/format.js';
import { STATE_MEANINGS, STATE_NAMES, STATES, StateMark } from '../ui/state-mark.js';

/** What the marks mean, how many VENs are in each state, and a way to see only those. */
export function Legend({ only, elsewhere }: { readonly only: Signal<VenState | undefined>; readonly elsewhere: number }) {
  const byState = usePage().console.fleet.totals.value?.byState;
  return (
    <div class="legend">
      <ul>
        {STATES.map((state) => (
          <li key={state}>
            <button
              type="button"
              title={STATE_MEANINGS[state]}
              aria-pressed={only.value === state}
              onClick={() => {
                only.value = only.value === state ? undefined : state;
              }}
            >
              <StateMark state={state} />
              <span class="legend-name">{STATE_NAMES[state]}</span>
              <span class="legend-count">{byState === undefined ? '' : count(byState[state] ?? 0)}</span>
            </button>
          </li>
        ))}
      </ul>
      {elsewhere > 0 && <p>{counted(elsewhere, 'VEN')} without a place on this map</p>}
    </div>
  );
}
