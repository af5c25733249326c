import { useSignal } from '@preact/signals';
import { type EventDetail, type EventSummary, PATHS } from '@venfleet/console-api';
import { usePage, useSession, useWords } from '../app/context.js';
import { hrefOf } from '../app/router.js';
import { counted, energy, moment, period, power, powerParts } from '../text/format.js';
import { Card, Empty, ErrorNote, Figure, Share } from '../ui/parts.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';
import { useHeadingFocus } from '../ui/use-heading-focus.js';
import { CancelDialog } from './cancel-dialog.js';
import { EventDialog } from './event-dialog.js';
import { titleOf } from './event-links.js';
import { EventState } from './event-state.js';

/** One event: what it asks for, and what each VEN gives. */
export function EventPanel({ id }: { readonly id: string }) {
  const { fleet } = usePage().console;
  const { data, error } = useData<EventDetail>(PATHS.event(id), `${useAge()} ${changesOf(fleet.events.value, id)}`);
  if (error !== undefined && data === undefined) return <ErrorNote>{error}</ErrorNote>;
  if (data === undefined) return <Empty>Loading …</Empty>;
  return <Panel event={data} />;
}

/** Changes when the event itself does: it is asked for again at once then. */
function changesOf(events: readonly EventSummary[], id: string): string {
  return events.flatMap((one) => (one.id === id ? [one.state, one.modifiedAt, one.endAt] : [])).join();
}

function Panel({ event }: { readonly event: EventDetail }) {
  const { now } = usePage().console;
  const heading = useHeadingFocus();
  const title = titleOf(event);
  return (
    <article class="panel">
      <header class="panel-head">
        <a class="back" href={hrefOf({ page: 'events' })}>
          Events
        </a>
        <h1 ref={heading} tabindex={-1}>
          {title}
        </h1>
        <p class="panel-state">
          <EventState state={event.state} /> {period(event.startAt, event.endAt, now.value)}
        </p>
        <Actions event={event} />
      </header>
      <EventFigures event={event} />
      <Card title="What it asks for">
        <Periods event={event} />
      </Card>
      {event.changesLoad && (
        <Card title="Delivered by VEN">
          <Deliveries event={event} />
        </Card>
      )}
    </article>
  );
}

function Actions({ event }: { readonly event: EventDetail }) {
  const { abilities } = useSession();
  const open = useSignal<'modify' | 'cancel' | undefined>(undefined);
  const close = () => {
    open.value = undefined;
  };
  const isOver = event.state === 'completed' || event.state === 'cancelled';
  if (!abilities.writeEvents || isOver) return null;
  return (
    <div class="panel-actions">
      <button
        type="button"
        class="button"
        onClick={() => {
          open.value = 'modify';
        }}
      >
        Change
      </button>
      <button
        type="button"
        class="button button--alarm"
        onClick={() => {
          open.value = 'cancel';
        }}
      >
        Cancel event
      </button>
      {open.value === 'modify' && <EventDialog event={event} onClose={close} />}
      {open.value === 'cancel' && <CancelDialog event={event} onClose={close} />}
    </div>
  );
}

function EventFigures({ event }: { readonly event: EventDetail }) {
  const { total, vens, priority, program } = event;
  return (
    <dl class="figures">
      {event.changesLoad && (
        <>
          <Figure label="Asked for" parts={powerParts(total.requestedW)} note="on average" />
          <Figure
            label="Delivered"
            tone="event"
            parts={powerParts(total.deliveredW)}
            note={`${energy(total.deliveredWh)} in all`}
          />
        </>
      )}
      <Figure label="VENs" parts={{ value: String(vens), unit: '' }} />
      <Figure
        label="Program"
        parts={{ value: program, unit: '' }}
        {...(priority === null ? {} : { note: `priority ${priority}` })}
      />
    </dl>
  );
}

const MOST_PERIODS = 12;

function Periods({ event }: { readonly event: EventDetail }) {
  const { now } = usePage().console;
  const { periods, targets, label } = event;
  if (periods.length === 0) return <Empty>{label === '' ? 'Only reports.' : label}</Empty>;
  return (
    <>
      <ol class="periods">
        {periods.slice(0, MOST_PERIODS).map(({ startAt, endAt, label: said }) => (
          <li key={startAt}>
            <strong>{said}</strong> {period(startAt, endAt, now.value)}
          </li>
        ))}
      </ol>
      {periods.length > MOST_PERIODS && <p class="more">and {periods.length - MOST_PERIODS} more</p>}
      <p class="quiet">
        {targets.length === 0 ? 'For all VENs.' : `For ${targets.join(', ')}.`}
        {event.modifiedAt !== null && ` Last changed ${moment(event.modifiedAt, now.value)}.`}
      </p>
    </>
  );
}

const MOST_ROWS = 200;

function Deliveries({ event: { performance, total } }: { readonly event: EventDetail }) {
  const { nothingDelivered, nothingOfVen } = useWords();
  if (performance.length === 0) return <Empty>{nothingDelivered}</Empty>;
  return (
    <>
      <p class="quiet">
        {counted(total.known, 'interval')} known of {total.expected} that are over
        {total.missing > 0 && `, ${total.missing} missing`}.
      </p>
      <ul class="deliveries">
        {performance.slice(0, MOST_ROWS).map(({ ven, requestedW, deliveredW, known }) => (
          <li key={ven}>
            <span>{ven}</span>
            <Share given={deliveredW} asked={requestedW} label={`Delivered by ${ven}, in percent`} />
            <span class="is-number">{known === 0 ? nothingOfVen : `${power(deliveredW)} of ${power(requestedW)}`}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
