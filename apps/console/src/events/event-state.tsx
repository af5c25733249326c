import type { EventState as State } from '@venfleet/console-api';

const NAMES: Readonly<Record<State, string>> = { active: 'On', pending: 'To come', completed: 'Over', cancelled: 'Cancelled' };

export function EventState({ state }: { readonly state: State }) {
  return <span class={`event-state event-state--${state}`}>{NAMES[state]}</span>;
}
