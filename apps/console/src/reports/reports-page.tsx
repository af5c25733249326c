import { PATHS, type ReportPage, type ReportSummary } from '@venfleet/console-api';
import { describeError } from '@venfleet/core';
import { useEffect, useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { counted } from '../text/format.js';
import { Card, Empty, ErrorNote } from '../ui/parts.js';
import { Search } from '../ui/search.js';
import { useData } from '../ui/use-data.js';
import { ReportTable } from './report-table.js';

/** The reports that have come in, or at an agent all that it made, the newest first. */
export function ReportsPage() {
  const { fleet } = usePage().console;
  const [ven, setVen] = useState('');
  const known = fleet.totals.value?.reports ?? undefined;
  const isKnownVen = ven === '' || fleet.vens.value.some(({ name }) => name === ven);
  return (
    <div class="single">
      <Card
        title="Reports"
        isPage
        class="card--list"
        actions={
          fleet.vens.value.length > 1 && (
            <>
              <Search label="Only those of the VEN" placeholder="Of one VEN" list="report-vens" text={ven} onText={setVen} />
              <datalist id="report-vens">
                {fleet.vens.value.map(({ id, name }) => (
                  <option key={id} value={name} />
                ))}
              </datalist>
            </>
          )
        }
      >
        {known !== undefined && <p class="quiet">{counted(known, 'report')} received since the server started.</p>}
        <ReportList key={isKnownVen ? ven : ''} ven={isKnownVen ? ven : ''} />
      </Card>
    </div>
  );
}

function ReportList({ ven }: { readonly ven: string }) {
  const { api } = usePage().console;
  const [version, setVersion] = useState(0);
  const query = ven === '' ? '' : `?ven=${encodeURIComponent(ven)}`;
  const first = useData<ReportPage>(`${PATHS.reports}${query}`, version);
  const [older, setOlder] = useState<readonly ReportSummary[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [error, setError] = useState<string | undefined>(undefined);
  useEffect(() => {
    setOlder([]);
    setNext(first.data?.next ?? null);
  }, [first.data]);
  const more = async () => {
    try {
      const page = await api.get<ReportPage>(
        `${PATHS.reports}${query === '' ? '?' : `${query}&`}before=${encodeURIComponent(next ?? '')}`,
      );
      setOlder((known) => [...known, ...page.reports]);
      setNext(page.next);
    } catch (failure) {
      setError(describeError(failure));
    }
  };
  const wrong = first.error ?? error;
  if (wrong !== undefined) return <ErrorNote>{wrong}</ErrorNote>;
  if (first.data === undefined) return <Empty>Loading …</Empty>;
  const reports = [...first.data.reports, ...older];
  return (
    <>
      {reports.length === 0 ? (
        <Empty>No reports yet. VENs report when an event asks them to.</Empty>
      ) : (
        <ReportTable reports={reports} />
      )}
      <p class="more">
        <button type="button" class="button" onClick={() => setVersion(version + 1)}>
          Look for newer ones
        </button>
        {next !== null && (
          <button type="button" class="button" onClick={() => void more()}>
            Show older ones
          </button>
        )}
      </p>
    </>
  );
}
