import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Registry } from 'prom-client';
import { refuseOtherMethods } from '../http/routes.js';
import type { VtnContext } from '../vtn-context.js';

const OBJECTS = ['programs', 'events', 'reports', 'subscriptions', 'vens', 'resources'] as const;

/** Prometheus metrics at /metrics, taken when they are asked for: they tell how many, never what or whose. */
export function addMetrics(app: FastifyInstance, context: VtnContext): void {
  const registry = vtnMetrics(context);
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  refuseOtherMethods(app, '/metrics', ['GET']);
}

type Labelled = Iterable<readonly [label: string, value: number]>;

function vtnMetrics({ counts, tokens, notifications, faults, store }: VtnContext): Registry {
  const registry = new Registry();
  const one = (Kind: typeof Counter | typeof Gauge, name: string, help: string, read: () => number) =>
    keep(registry, Kind, name, help, undefined, () => [['', read()]]);
  const rows = OBJECTS.map(
    (object) => [object, store.db.prepare<{ count: number }>(`SELECT count(*) AS count FROM ${object}`)] as const,
  );
  one(Counter, 'vtn_mock_requests_total', 'HTTP requests', () => counts.requests);
  keep(registry, Counter, 'vtn_mock_problems_total', 'Problems answered, by HTTP status', 'status', () =>
    [...counts.problems].map(([status, count]) => [`${status}`, count]),
  );
  one(Counter, 'vtn_mock_tokens_issued_total', 'Access tokens issued', () => tokens.issued);
  keep(registry, Gauge, 'vtn_mock_objects', 'Objects that are kept, by kind', 'object', () =>
    store.read(() => rows.map(([object, count]) => [object, count.get()?.count ?? 0])),
  );
  keep(registry, Counter, 'vtn_mock_notifications_total', 'Notifications, by what became of them', 'outcome', () =>
    Object.entries(notifications.outcomes.total),
  );
  one(Gauge, 'vtn_mock_faults', 'Faults that are switched on', () => faults?.list().length ?? 0);
  one(Gauge, 'process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  one(Counter, 'process_cpu_seconds_total', 'CPU time used', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  return registry;
}

function keep(
  registry: Registry,
  Kind: typeof Counter | typeof Gauge,
  name: string,
  help: string,
  label: string | undefined,
  read: () => Labelled,
): void {
  const metric = new Kind({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect() {
      // A counter that was just reset has the value that it is incremented by.
      metric.reset();
      for (const [key, value] of read()) metric.inc(label === undefined ? {} : { [label]: key }, value);
    },
  });
}
