import type { ReportSummary, Session } from '@venfleet/console-api';
import type { ComponentChildren } from 'preact';
import { usePage, useSession } from '../app/context.js';
import { moment, period } from '../text/format.js';
import { PlainTable } from '../ui/plain-table.js';

/** Reports in rows: a VTN has all of them and says how good they are, an agent says what became of each. */
export function ReportTable({ reports }: { readonly reports: readonly ReportSummary[] }) {
  const { now } = usePage().console;
  const columns = COLUMNS[useSession().server];
  const numbers = columns.filter(({ isNumber }) => isNumber).map(({ title }) => title);
  return (
    <PlainTable label="Reports" titles={columns.map(({ title }) => title)} numbers={numbers}>
      {reports.map((report) => (
        <tr key={report.id}>
          {columns.map(({ title, isNumber, cell }) => {
            const content = cell(report, now.value);
            return title === 'VEN' ? (
              <th key={title} scope="row">
                {content}
              </th>
            ) : (
              <td key={title} class={isNumber ? 'is-number' : ''}>
                {content}
              </td>
            );
          })}
        </tr>
      ))}
    </PlainTable>
  );
}

interface Column {
  readonly title: string;
  readonly isNumber?: true;
  readonly cell: (report: ReportSummary, now: number | undefined) => ComponentChildren;
}

const VEN: Column = { title: 'VEN', cell: ({ ven }) => ven };
const ABOUT: readonly Column[] = [
  { title: 'Event', cell: ({ event, eventId }) => event ?? eventId },
  { title: 'Of', cell: ({ startAt, endAt }, now) => period(startAt, endAt, now) },
  { title: 'What', cell: ({ payloadTypes }) => payloadTypes.join(', ') },
];
const INTERVALS: Column = { title: 'Intervals', isNumber: true, cell: ({ intervals }) => intervals };

const COLUMNS: Readonly<Record<Session['server'], readonly Column[]>> = {
  vtn: [
    { title: 'Received', cell: ({ createdAt }, now) => moment(createdAt, now) },
    VEN,
    ...ABOUT,
    { title: 'Resources', isNumber: true, cell: ({ resources }) => resources },
    INTERVALS,
    { title: 'Quality', cell: ({ quality }) => <span class={`quality quality--${quality}`}>{quality}</span> },
  ],
  agent: [
    { title: 'Due', cell: ({ dueAt }, now) => moment(dueAt, now) },
    VEN,
    ...ABOUT,
    INTERVALS,
    { title: 'State', cell: (report, now) => <State report={report} now={now} /> },
  ],
};

function State({ report: { state, reason, dueAt }, now }: { readonly report: ReportSummary; readonly now: number | undefined }) {
  const isToCome = state === 'waiting' && dueAt !== null && now !== undefined && dueAt > now;
  const name = isToCome ? 'to come' : { received: 'acknowledged', waiting: 'waiting', failed: 'not delivered' }[state];
  return (
    <>
      <span class={`event-state event-state--${state}`}>{name}</span>
      {state !== 'received' && reason !== null && `: ${reason}`}
    </>
  );
}
