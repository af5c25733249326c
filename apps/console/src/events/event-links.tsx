import type { EventSummary } from '@venfleet/console-api';
import { usePage } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { period } from '../text/format.js';

/** What events there are, in a line each. */
export function EventLinks({ events }: { readonly events: readonly EventSummary[] }) {
  const { now } = usePage().console;
  return (
    <ul class="event-links">
      {events.map((event) => (
        <li key={event.id}>
          <a href={hrefOf({ page: 'events', event: event.id })}>{titleOf(event)}</a>{' '}
          {period(event.startAt, event.endAt, now.value)}
        </li>
      ))}
    </ul>
  );
}

/** What an event is called: its name, else what it asks for. */
export const titleOf = ({ name, label, id }: EventSummary): string => name ?? (label === '' ? id : label);
