import { type Fault, type Faults, PATHS } from '@venfleet/console-api';
import { describeError } from '@venfleet/core';
import { useState } from 'preact/hooks';
import { usePage } from '../app/context.js';
import { counted, moment, sentence } from '../text/format.js';
import { Card, Empty, ErrorNote } from '../ui/parts.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';
import { FaultForm } from './fault-form.js';

/** What is made to go wrong in the simulated devices. */
export function FaultsPage() {
  const { api, told } = usePage().console;
  const [version, setVersion] = useState(0);
  const [problem, setProblem] = useState<string | undefined>(undefined);
  const { data, error } = useData<Faults>(PATHS.faults, `${version} ${useAge()}`);
  const changed = (text: string) => {
    told.value = text;
    setProblem(undefined);
    setVersion(version + 1);
  };
  const clear = async (path: string, text: string) => {
    try {
      await api.send('DELETE', path);
      changed(text);
    } catch (failure) {
      setProblem(describeError(failure));
    }
  };
  return (
    <div class="split">
      <div class="split-list">
        <Card
          title="Faults of the devices"
          isPage
          class="card--list"
          actions={
            data !== undefined &&
            data.faults.length > 0 && (
              <button type="button" class="button" onClick={() => void clear(PATHS.faults, 'All faults are cleared.')}>
                Clear all
              </button>
            )
          }
        >
          {(error ?? problem) !== undefined && <ErrorNote>{sentence(error ?? problem ?? '')}</ErrorNote>}
          {data !== undefined && (
            <>
              {error === undefined && <p class="quiet">Of the simulator at {data.url}.</p>}
              <FaultList faults={data.faults} onClear={(id) => void clear(PATHS.fault(id), `Fault ${id} is cleared.`)} />
            </>
          )}
        </Card>
      </div>
      <div class="split-detail">
        <Card title="Make a fault">
          <FaultForm
            kinds={data?.kinds ?? []}
            onMade={(fault) => changed(`Fault ${fault.id} hits ${counted(fault.devices, 'device')}.`)}
          />
        </Card>
      </div>
    </div>
  );
}

/** What a fault is limited to, in words; its kind's own parameters are told as they are called. */
const PARTS: Readonly<Record<string, (value: string) => string>> = {
  city: (name) => `of ${name}`,
  device: (id) => `of ${id}`,
  percent: (share) => `${share} % of them`,
  durationS: (seconds) => `for ${seconds} s`,
};

function FaultList({ faults, onClear }: { readonly faults: readonly Fault[]; readonly onClear: (id: number) => void }) {
  const { now } = usePage().console;
  if (faults.length === 0) return <Empty>All devices are well.</Empty>;
  return (
    <ul class="faults">
      {faults.map(({ id, spec, since, until, devices }) => {
        const { kind, ...rest } = spec;
        const parts = Object.entries(rest).map(([key, value]) => PARTS[key]?.(String(value)) ?? `${key} ${String(value)}`);
        return (
          <li key={id}>
            <p>
              <strong>{kind}</strong>{' '}
              {devices === 0 ? 'on no device: the simulator has none that fits' : `on ${counted(devices, 'device')}`}
            </p>
            <p class="quiet">
              {parts.length > 0 && `${parts.join(', ')}; `}since {moment(Date.parse(since), now.value)}
              {until !== null && `, until ${moment(Date.parse(until), now.value)}`}
            </p>
            <button type="button" class="button" aria-label={`Clear fault ${id}, ${kind}`} onClick={() => onClear(id)}>
              Clear
            </button>
          </li>
        );
      })}
    </ul>
  );
}
