import type { Signal } from '@preact/signals';
import type { VenState } from '@venfleet/console-api';
import { usePage, useWords } from '../app/context.js';
import { count, counted } from '../text/format.js';
import { STATES, StateMark } from '../ui/state-mark.js';

/** What the marks mean, how many VENs are in each state, and a way to see only those. */
export function Legend({ only, elsewhere }: { readonly only: Signal<VenState | undefined>; readonly elsewhere: number }) {
  const { states } = useWords();
  const byState = usePage().console.fleet.totals.value?.byState;
  return (
    <div class="legend">
      <ul>
        {STATES.map((state) => (
          <li key={state}>
            <button
              type="button"
              title={states[state].meaning}
              aria-pressed={only.value === state}
              onClick={() => {
                only.value = only.value === state ? undefined : state;
              }}
            >
              <StateMark state={state} />
              <span class="legend-name">{states[state].name}</span>
              <span class="legend-count">{byState === undefined ? '' : count(byState[state] ?? 0)}</span>
            </button>
          </li>
        ))}
      </ul>
      {elsewhere > 0 && <p>{counted(elsewhere, 'VEN')} without a place on this map</p>}
    </div>
  );
}
