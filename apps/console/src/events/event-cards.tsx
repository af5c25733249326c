import type { EventSummary } from '@venfleet/console-api';
import { usePage } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { inOrder } from '../fleet/event-order.js';
import { counted, period, power, relative } from '../text/format.js';
import { Empty, Share } from '../ui/parts.js';
import { titleOf } from './event-links.js';
import { EventState } from './event-state.js';

const MOST = 4;

/** The events that matter now: what is on, what comes next, what was last. */
export function EventCards() {
  const { fleet } = usePage().console;
  const events = inOrder(fleet.events.value.filter(({ changesLoad }) => changesLoad));
  const asking = fleet.events.value.filter(({ changesLoad, state }) => !changesLoad && state === 'active').length;
  if (events.length === 0) {
    return (
      <Empty>
        No event changes the load now, and none is to come.
        {asking > 0 && ` ${counted(asking, 'standing request')} for reports.`}
      </Empty>
    );
  }
  return (
    <>
      <ul class="event-cards">
        {events.slice(0, MOST).map((event) => (
          <EventCard key={event.id} event={event} />
        ))}
      </ul>
      {events.length > MOST && (
        <p class="more">
          <a href={hrefOf({ page: 'events' })}>All {events.length} events</a>
        </p>
      )}
    </>
  );
}

function EventCard({ event }: { readonly event: EventSummary }) {
  const { now } = usePage().console;
  const { id, state, label, vens, startAt, endAt, requestedW, deliveredW } = event;
  const title = titleOf(event);
  const isOn = state === 'active';
  const left = isOn && endAt !== null ? `, ${relative(endAt, now.value).replace(/^in /, '')} left` : '';
  return (
    <li class={`event-card event-card--${state}`}>
      <p class="event-card-title">
        <a href={hrefOf({ page: 'events', event: id })}>{title}</a>
        <EventState state={state} />
      </p>
      <p class="event-card-facts">
        {title === label ? '' : `${label}, `}
        {counted(vens, 'VEN')}, {period(startAt, endAt, now.value)}
        {left}
      </p>
      {isOn && requestedW !== null && requestedW > 0 && (
        <div class="event-card-given">
          <Share given={deliveredW} asked={requestedW} label={`Delivered by ${title}, in percent`} />
          <span>
            {power(deliveredW)} of {power(requestedW)}
          </span>
        </div>
      )}
    </li>
  );
}
