import { createServer, type Server } from 'node:http';
import type { MeterStatus } from '../metering/metering.js';
import { type AgentStatus, notReady } from '../run/status.js';
import { listen } from './listen.js';
import { agentMetrics } from './metrics.js';

export interface OpsServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly status: () => AgentStatus | undefined;
  readonly meters: () => Iterable<MeterStatus>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Health and metrics for the operator's tools: /healthz (the process turns), /readyz (it does its work, else why
 * not), /metrics (Prometheus), /meters (each meter's record; `?problem` only those that give no value).
 */
export class OpsServer {
  readonly #options: OpsServerOptions;
  #server: Server | undefined;

  constructor(options: OpsServerOptions) {
    this.#options = options;
  }

  /** @returns its base URL. @throws VenfleetError PORT_TAKEN or LISTEN_FAILED */
  async start(): Promise<string> {
    const { host, port, status } = this.#options;
    const metrics = agentMetrics(status);
    const pages: Record<string, (query: URLSearchParams) => Page | Promise<Page>> = {
      '/healthz': () => json(200, { status: 'ok' }),
      '/readyz': () => this.#readiness(),
      '/meters': (query) => json(200, { meters: this.#meters(query) }),
      '/metrics': async () => ({ status: 200, type: metrics.contentType, body: await metrics.metrics() }),
    };
    const server = createServer(async ({ method, url = '/' }, response) => {
      const { pathname, searchParams } = new URL(url, 'http://ops');
      const page = pages[pathname];
      const answer =
        page === undefined
          ? json(404, { message: `there is nothing at ${pathname}`, pages: Object.keys(pages) })
          : method === 'GET' || method === 'HEAD'
            ? await page(searchParams)
            : json(405, { message: 'only GET' });
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
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  #readiness(): Page {
    const status = this.#options.status();
    const reasons = status === undefined ? ['it is being started or stopped'] : notReady(status);
    return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons });
  }

  #meters(query: URLSearchParams): unknown[] {
    const rows = [];
    for (const { resource, problem, ...record } of this.#options.meters()) {
      if (query.has('problem') && problem === undefined) continue;
      const { resourceId, name, ven } = resource;
      rows.push({ resourceId, name, ven, ...record, problem: problem ?? null });
    }
    return rows;
  }
}

function json(status: number, value: unknown): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}
