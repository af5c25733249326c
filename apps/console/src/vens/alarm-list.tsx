import { type Alarms, PATHS } from '@venfleet/console-api';
import { usePage, useSession } from '../app/context.js';
import { relative } from '../text/format.js';
import { Card, ErrorNote } from '../ui/parts.js';
import { useAge } from '../ui/use-age.js';
import { useData } from '../ui/use-data.js';

/** What the agent says is wrong with itself or its surroundings, and what to do; nothing while all is well. */
export function AlarmList() {
  const { now } = usePage().console;
  const { abilities } = useSession();
  const { data, error } = useData<Alarms>(abilities.alarms ? PATHS.alarms : undefined, useAge());
  if (data === undefined) return error === undefined ? null : <ErrorNote>{error}</ErrorNote>;
  if (data.alarms.length === 0) return null;
  return (
    <Card title="Alarms">
      <ul class="alarms">
        {data.alarms.map(({ name, severity, sinceAt, summary, detail, action, runbook }) => (
          <li key={`${name} ${detail}`} class={`alarm alarm--${severity}`}>
            <p>
              <strong>{summary}</strong> <span class="quiet">{`${severity}, since ${relative(sinceAt, now.value)}`}</span>
            </p>
            <p>{detail}</p>
            <p class="quiet">
              {action} More: <code>{runbook}</code>
            </p>
          </li>
        ))}
      </ul>
    </Card>
  );
}
