import { type Audit, type AuditRow, PATHS } from '@venfleet/console-api';
import { useState } from 'preact/hooks';
import { usePage, useSession, useWords } from '../app/context.js';
import { count, counted, moment } from '../text/format.js';
import { Card, Empty, ErrorNote, Figure } from '../ui/parts.js';
import { PlainTable } from '../ui/plain-table.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';

const SPANS = [5, 15, 60, 240] as const;
const PAGE = 100;

/** What events asked for against what came: which reports are missing, which came twice. */
export function AuditPage() {
  // An agent counts all that its outbox remembers.
  const isVtn = useSession().server === 'vtn';
  const [minutes, setMinutes] = useState(15);
  const [isFaulty, setIsFaulty] = useState(false);
  const [offset, setOffset] = useState(0);
  const query = new URLSearchParams({
    minutes: String(minutes),
    faulty: String(isFaulty),
    offset: String(offset),
    limit: String(PAGE),
  });
  // Once a minute or so: it reads many reports.
  const { data, error } = useData<Audit>(`${PATHS.audit}?${query}`, Math.floor(useAge() / 6));
  return (
    <div class="single">
      <Card
        title="Audit of reports"
        isPage
        class="card--list"
        actions={
          <>
            {isVtn && (
              <label class="inline">
                Due within{' '}
                <select
                  value={minutes}
                  onChange={(event) => {
                    setMinutes(Number(event.currentTarget.value));
                    setOffset(0);
                  }}
                >
                  {SPANS.map((span) => (
                    <option key={span} value={span}>
                      {span < 60 ? `${span} min` : `${span / 60} h`}
                    </option>
                  ))}
                </select>
              </label>
            )}
            <label class="inline">
              <input
                type="checkbox"
                checked={isFaulty}
                onChange={(event) => {
                  setIsFaulty(event.currentTarget.checked);
                  setOffset(0);
                }}
              />{' '}
              Only what is wrong
            </label>
          </>
        }
      >
        {error !== undefined && <ErrorNote>{error}</ErrorNote>}
        {data === undefined ? (
          error === undefined && <Empty>Counting …</Empty>
        ) : (
          <Result audit={data} offset={offset} setOffset={setOffset} />
        )}
      </Card>
    </div>
  );
}

function Result({
  audit,
  offset,
  setOffset,
}: {
  readonly audit: Audit;
  readonly offset: number;
  readonly setOffset: (offset: number) => void;
}) {
  const { now } = usePage().console;
  const { received } = useWords();
  return (
    <>
      <dl class="figures">
        <Figure label="Expected" parts={{ value: count(audit.expected), unit: '' }} />
        <Figure label={received} parts={{ value: count(audit.received), unit: '' }} />
        <Figure
          label="Missing"
          parts={{ value: count(audit.missing), unit: '' }}
          {...(audit.missing > 0 ? { tone: 'alarm' } : {})}
        />
        <Figure
          label="Doubled"
          parts={{ value: count(audit.doubled), unit: '' }}
          {...(audit.doubled > 0 ? { tone: 'alarm' } : {})}
        />
      </dl>
      <p class="quiet">
        {audit.sinceAt === null
          ? 'Reports that were due since the outbox was made'
          : `Values that were due since ${moment(audit.sinceAt, now.value)}`}
        , counted at {moment(audit.checkedAt, now.value)}.
      </p>
      {audit.rows.length === 0 ? (
        <Empty>{audit.total === 0 && audit.expected > 0 ? 'Nothing is wrong.' : 'No reports were due.'}</Empty>
      ) : (
        <AuditTable rows={audit.rows} />
      )}
      {audit.total > PAGE && (
        <p class="more">
          <button type="button" class="button" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - PAGE))}>
            Back
          </button>
          <span>
            {count(offset + 1)} to {count(Math.min(audit.total, offset + PAGE))} of {counted(audit.total, 'row')}
          </span>
          <button type="button" class="button" disabled={offset + PAGE >= audit.total} onClick={() => setOffset(offset + PAGE)}>
            On
          </button>
        </p>
      )}
    </>
  );
}

/** Only a VTN counts resources and doubled values by row. */
const VTN_ALONE = ['Resources', 'Doubled'];
const numbersOf = (received: string) => ['Resources', 'Expected', received, 'Missing', 'Doubled'];

function AuditTable({ rows }: { readonly rows: readonly AuditRow[] }) {
  const isVtn = useSession().server === 'vtn';
  const numbers = numbersOf(useWords().received).filter((title) => isVtn || !VTN_ALONE.includes(title));
  return (
    <PlainTable label="Reports expected and received" titles={['VEN', 'Event', 'What', ...numbers]} numbers={numbers}>
      {rows.map((row) => (
        <tr key={`${row.eventId} ${row.ven} ${row.payloadType}`}>
          <th scope="row">{row.ven}</th>
          <td>{row.event ?? row.eventId}</td>
          <td>{row.payloadType}</td>
          {row.resources !== null && <td class="is-number">{count(row.resources)}</td>}
          <td class="is-number">{count(row.expected)}</td>
          <td class="is-number">{count(row.received)}</td>
          <td class={`is-number${row.missing > 0 ? ' is-wrong' : ''}`}>{count(row.missing)}</td>
          {row.doubled !== null && <td class={`is-number${row.doubled > 0 ? ' is-wrong' : ''}`}>{count(row.doubled)}</td>}
        </tr>
      ))}
    </PlainTable>
  );
}
