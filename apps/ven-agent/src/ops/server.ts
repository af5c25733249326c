import { createServer, type Server } from 'node:http';
import type { ConsoleServer } from '@venfleet/console-api/server';
import { describeError, type Instant, isVenfleetError, VenfleetError } from '@venfleet/core';
import { parseDateTime } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import type { AlertView } from '../alerts/view.js';
import type { AgentHealth } from '../health/health.js';
import type { MeterStatus } from '../metering/metering.js';
import { type AgentStatus, notReady } from '../run/status.js';
import { close, listen } from './listen.js';
import { AgentMetrics } from './metrics.js';

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly status: () => AgentStatus | undefined;
  readonly health: () => AgentHealth | undefined;
  readonly meters: () => Iterable<MeterStatus>;
  /** What is wrong with a resource's last reading, by ReadingFlag's names. */
  readonly doubts: (resource: Resource) => readonly string[];
  readonly alerts: () => readonly AlertView[];
  /** Absent where none is configured. */
  readonly console?: ConsoleServer | undefined;
  /** Absent for an agent that controls nothing. @throws VenfleetError RESOURCE_UNKNOWN, RESOURCE_AMBIGUOUS, NOT_CONTROLLED */
  readonly explain?: ((resource: string, at?: Instant) => unknown) | undefined;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Health and metrics for the operator's tools: /healthz (the process turns), /readyz (it does its work, else why
 * not), /metrics (Prometheus), /alerts (what is pending or firing), /meters (each meter's record; `?problem` only those that give no value, or one that is in doubt), /explain (why a
 * `?resource=` does what it does, `&at=` a time); and the console, where there is one.
 */
export class OpsServer {
  readonly #options: OpsServerOptions;
  #server: Server | undefined;

  constructor(options: OpsServerOptions) {
    this.#options = options;
  }

  /** @returns its base URL. @throws VenfleetError PORT_TAKEN or LISTEN_FAILED */
  async start(): Promise<string> {
    const { host, port, health, alerts, console } = this.#options;
    const metrics = new AgentMetrics(health);
    const pages: Pages = {
      '/healthz': () => json(200, { status: 'ok' }),
      '/readyz': () => this.#readiness(),
      '/explain': (query) => this.#explanation(query),
      '/meters': (query) => json(200, { meters: this.#meters(query) }),
      '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.text() }),
      '/alerts': () => json(200, { alerts: alerts() }),
    };
    const server = createServer(async (request, response) => {
      const { method, url = '/' } = request;
      if (console !== undefined && /^\/console(\/|$|\?)/.test(url)) return await console.handle(request, response);
      const answer = await answerTo(method, url, pages).catch((error) => json(500, { message: describeError(error) }));
      response.writeHead(answer.status, { 'content-type': answer.type, 'cache-control': 'no-store' });
      response.end(method === 'HEAD' ? undefined : answer.body);
    });
    const address = await listen(server, { host, port, hint: 'name another one with --ops-port; 0 takes a free one' });
    this.#server = server;
    return `http://${address}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#options.console?.stop();
    if (server !== undefined) await close(server);
  }

  #readiness(): Page {
    const status = this.#options.status();
    const reasons = status === undefined ? ['it is being started or stopped'] : notReady(status);
    return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
  }

  #explanation(query: URLSearchParams): Page {
    const { explain } = this.#options;
    const [resource, time] = [query.get('resource'), query.get('at')];
    const at = time === null ? undefined : parseDateTime(time);
    try {
      if (explain === undefined) throw new VenfleetError('NOT_CONTROLLED', 'this agent controls nothing');
      if (resource === null)
        throw new VenfleetError('QUERY_INVALID', 'it takes ?resource=, a resource id, meter point id or name');
      if (at === 'now' || (time !== null && at === undefined)) {
        throw new VenfleetError('QUERY_INVALID', `at=${time} is no time`, { hint: 'as 2026-06-15T10:00:00Z' });
      }
      return json(200, explain(resource, at));
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      const { code, message, hint, details } = error;
      const status = code === 'QUERY_INVALID' ? 400 : 404;
      return json(status, { code, message, hint, details });
    }
  }

  #meters(query: URLSearchParams): unknown[] {
    const rows = [];
    for (const { resource, problem, ...record } of this.#options.meters()) {
      const flags = this.#options.doubts(resource);
      if (query.has('problem') && problem === undefined && flags.length === 0) continue;
      const { resourceId, name, ven } = resource;
      rows.push({ resourceId, name, ven, ...record, flags, problem: problem ?? null });
    }
    return rows;
  }
}

type Pages = Readonly<Record<string, (query: URLSearchParams) => Page | Promise<Page>>>;

async function answerTo(method: string | undefined, url: string, pages: Pages): Promise<Page> {
  const { pathname, searchParams } = new URL(URL.canParse(url, 'http://ops') ? url : '/', 'http://ops');
  const page = Object.hasOwn(pages, pathname) ? pages[pathname] : undefined;
  if (page === undefined) return json(404, { message: `there is nothing at ${pathname}`, pages: Object.keys(pages) });
  return method === 'GET' || method === 'HEAD' ? page(searchParams) : json(405, { message: 'only GET' });
}

function json(status: number, value: unknown): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}
