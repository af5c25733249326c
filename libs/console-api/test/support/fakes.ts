import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { silentLogger } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Delta, FleetTotals, Overview, VenSummary } from '../../src/index.js';
import {
  type ConsoleBackend,
  type ConsoleGuard,
  ConsoleProblem,
  ConsoleServer,
  type ConsoleUser,
} from '../../src/server/index.js';

export const TOTALS: FleetTotals = {
  vens: 1,
  resources: 2,
  byState: { silent: 0, 'in-event': 0, reporting: 1, registered: 0 },
  maxPowerW: 1000,
  loadW: 500,
  loadVens: 1,
  baselineW: null,
  requestedW: null,
  deliveredW: null,
  activeEvents: 0,
  reports: 7,
};

export const VEN: VenSummary = {
  id: 'v1',
  name: 'Aalborg',
  position: { longitude: 9.9, latitude: 57 },
  resources: 2,
  maxPowerW: 1000,
  state: 'reporting',
  lastReportAt: 1,
  loadW: 500,
  baselineW: null,
  loadAt: 1,
  requestedW: null,
  deliveredW: null,
  events: [],
};

export const OVERVIEW: Overview = { serverAt: 1, totals: TOTALS, vens: [VEN], events: [] };
export const DELTA: Delta = {
  serverAt: 2,
  totals: TOTALS,
  vens: [VEN],
  goneVens: [],
  events: [],
  goneEvents: [],
  points: [],
};

export const TOKEN = 'token-of-the-operator';
export const USER: ConsoleUser = { name: 'bl', token: TOKEN, expiresAt: undefined, mayWriteEvents: true, mayMakeFaults: true };

/** A backend that answers what it is given, and counts nothing. */
export function fakeBackend(more: Partial<ConsoleBackend> = {}): ConsoleBackend {
  const page = { reports: [], next: null };
  return {
    close() {},
    overview: () => OVERVIEW,
    delta: () => undefined,
    session: ({ name }) => ({
      server: 'vtn',
      name: 'a VTN',
      user: name,
      abilities: { writeEvents: true, audit: true, faults: true, alarms: false },
      serverAt: 1,
    }),
    fleetSeries: () => ({ startAt: 0, stepMs: 10_000, loadW: [], baselineW: [] }),
    ven: () => undefined,
    venSeries: () => undefined,
    resource: () => undefined,
    events: () => ({ events: [], problems: [] }),
    event: () => undefined,
    reports: () => page,
    ...more,
  };
}

export const guard: ConsoleGuard = {
  ways: () => ({ server: 'vtn', ways: ['client-credentials', 'code'], tokenUrl: '/auth/token' }),
  admit(authorization) {
    if (authorization !== `Bearer ${TOKEN}`) throw new ConsoleProblem(401, 'no token');
    return USER;
  },
  redeem(code) {
    if (code !== 'good') throw new ConsoleProblem(401, 'no such code');
    return { access_token: TOKEN, token_type: 'Bearer', expires_in: 60 };
  },
};

/** A console served by plain HTTP on a free port. */
export class TestConsole {
  readonly clock = new FakeClock();
  readonly server: ConsoleServer;
  readonly #http: Server;
  #origin = '';

  constructor(backend: ConsoleBackend = fakeBackend(), page?: string, by: ConsoleGuard = guard) {
    this.server = new ConsoleServer({ backend, guard: by, page, clock: this.clock, logger: silentLogger });
    this.#http = createServer((request: IncomingMessage, response) => void this.server.handle(request, response));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.#origin = `http://127.0.0.1:${this.port}`;
    return this;
  }

  async stop(): Promise<void> {
    this.server.stop();
    await new Promise((resolve) => {
      this.#http.close(resolve);
      this.#http.closeAllConnections();
    });
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  /** @param token null: as somebody who is not logged in */
  async fetch(path: string, init: RequestInit = {}, token: string | null = TOKEN): Promise<Response> {
    const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...init.headers };
    return await fetch(this.#origin + path, { redirect: 'manual', ...init, headers });
  }

  async post(path: string, body: unknown, token?: string): Promise<Response> {
    const headers = { 'content-type': 'application/json' };
    return await this.fetch(path, { method: 'POST', body: JSON.stringify(body), headers }, token ?? TOKEN);
  }

  /** As written, without what a client would do to the path first. */
  async raw(request: string): Promise<string> {
    return await new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1', () => socket.end(request));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
  }
}

export interface Message {
  readonly event: string;
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: messages are examined member by member.
  readonly data: any;
}

/** Reads server-sent events of a fetch. */
export class Reader {
  readonly #reader;
  readonly #decoder = new TextDecoder();
  #text = '';

  constructor({ body }: Response) {
    if (body === null) throw new Error('an answer without a body');
    this.#reader = body.getReader();
  }

  /** The next message; undefined where the stream has ended. */
  async next(): Promise<Message | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const lines = this.#text.slice(0, end).split('\n');
        this.#text = this.#text.slice(end + 2);
        const fields = Object.fromEntries(
          lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
        );
        return { event: fields.event ?? '', id: fields.id ?? '', data: JSON.parse(fields.data ?? 'null') };
      }
      const { done, value } = await this.#reader.read();
      if (done) return undefined;
      this.#text += this.#decoder.decode(value, { stream: true });
    }
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}
