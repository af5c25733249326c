import { join } from 'node:path';
import {
  type Duration,
  hours,
  type Instant,
  instant,
  milliseconds,
  minutes,
  seconds,
  silentLogger,
  wattHours,
  watts,
} from '@venfleet/core';
import { type FakeClock, sequenceRandom } from '@venfleet/core/testing';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import {
  type Audit,
  auditOutbox,
  connectFleet,
  FleetEvents,
  FleetReporting,
  Outbox,
  type Reading,
  type ReadingSource,
  registerFleet,
} from '@venfleet/ven-agent';
import { readCredentials, tokenFor, type Workplace } from './fleet.js';

const STEP = seconds(10);
/** The power of a site that draws the same all the time. */
export const powerOf = (resource: number): number => 1000 + resource;

/** Meters that are read every ten seconds up to now, each with a counter that its power has moved. */
export function steadyMeters(clock: FakeClock): ReadingSource {
  const read = (resource: number, at: number): Reading => ({
    resource,
    at: instant(at),
    power: watts(powerOf(resource)),
    importEnergy: wattHours((powerOf(resource) * at) / hours(1)),
    exportEnergy: undefined,
    flags: 0,
  });
  const last = () => Math.floor(clock.now() / STEP) * STEP;
  return {
    around(resource, from, to) {
      const found: Reading[] = [];
      for (let at = Math.ceil(from / STEP) * STEP - STEP; at <= last(); at += STEP) {
        found.push(read(resource, at));
        if (at >= to) break;
      }
      return found;
    },
    latest: (resource) => read(resource, last()),
  };
}

/** One life of an agent's reporting, for all VENs of a workplace. */
export interface Life {
  stop(): Promise<void>;
}

export async function reportFleet(place: Workplace, url: string, outbox: string, clock: FakeClock): Promise<Life> {
  const vtn = { url, credentials: place.credentials, version: url.includes('3.0.1') ? '3.0.1' : '3.1.0' } as const;
  const connection = await connectFleet({ ...vtn, retry: ONCE }, { clock, logger: silentLogger });
  const db = openResourceDb(place.db, 'readonly', clock);
  const vens: { name: string; venId: string; resources: Resource[] }[] = [];
  for (const { name } of db.resources.vens()) {
    const [ven] = await connection.forVen(name).client.listVens({ name });
    if (ven === undefined) throw new Error(`${name} is not registered`);
    vens.push({ name, venId: ven.id, resources: db.resources.byVen(name) });
  }
  db.close();
  const ports = { clock, random: sequenceRandom(0.5), logger: silentLogger };
  const intervals = { alone: seconds(30), pushed: seconds(30) };
  const settings = { database: `${outbox}-events`, intervals, startShift: 'either', push: 'off' } as const;
  const events = new FleetEvents({ ...ports, settings, vtnUrl: connection.url, vens: vens.map(({ name }) => name) });
  await events.start();
  const reporting = new FleetReporting({ ...ports, connection, vens, events, readings: steadyMeters(clock), outbox });
  reporting.start();
  events.connect(connection, vens);
  return {
    async stop() {
      await events.stop();
      await reporting.stop();
      await connection.close();
    },
  };
}

/** The test's clock runs on while a request is under way, so the client leaves patience to the outbox. */
const ONCE = { attempts: 1, base: milliseconds(1), cap: milliseconds(1), longestAsked: milliseconds(1) };

export async function register(place: Workplace, url: string): Promise<void> {
  const { failures } = await registerFleet({
    vtn: { url, credentials: place.credentials },
    db: place.db,
    state: place.state,
    logger: silentLogger,
  });
  if (failures.length > 0) throw new Error(JSON.stringify(failures));
}

/** Advances a clock in half minutes, each time with a moment for what is on its way through sockets. */
export async function pass(clock: FakeClock, duration: Duration, each: () => void = () => undefined): Promise<void> {
  for (let left: number = duration; left > 0; left -= seconds(30)) {
    await clock.advance(milliseconds(Math.min(left, seconds(30))));
    each();
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
}

/** Waits until nothing that is due is left in the outbox, however slow this machine is at the moment. */
export async function delivered(outbox: string, clock: FakeClock): Promise<void> {
  const opened = Outbox.openReadonly(outbox, clock);
  try {
    for (let i = 0; i < 600 && opened.counts().waiting > 0; i++) {
      await clock.advance(milliseconds(50));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  } finally {
    opened.close();
  }
}

export function audit(outbox: string, clock: FakeClock): Audit {
  const opened = Outbox.openReadonly(outbox, clock);
  try {
    return auditOutbox(opened, {});
  } finally {
    opened.close();
  }
}

export interface WireReport {
  readonly eventID: string;
  readonly clientName: string;
  readonly reportName: string;
  readonly resources: readonly {
    readonly resourceName: string;
    readonly intervals: readonly {
      readonly id: number;
      readonly payloads: readonly { readonly type: string; readonly values: readonly unknown[] }[];
    }[];
  }[];
}

/** The VTN's side, as its operator sees it. */
export class Operator {
  readonly #url: string;
  readonly #credentials: string;

  constructor(url: string, credentials: string) {
    this.#url = url;
    this.#credentials = credentials;
  }

  async post(path: string, body: unknown): Promise<string> {
    const response = await this.#fetch(path, { method: 'POST', body: JSON.stringify(body) });
    return ((await response.json()) as { id: string }).id;
  }

  async put(path: string, body: unknown): Promise<void> {
    await this.#fetch(path, { method: 'PUT', body: JSON.stringify(body) });
  }

  async delete(path: string): Promise<void> {
    await this.#fetch(path, { method: 'DELETE' });
  }

  /** The first page of a list. */
  async list<T>(path: string): Promise<T[]> {
    return (await (await this.#fetch(path, {})).json()) as T[];
  }

  async reports(): Promise<WireReport[]> {
    const all: WireReport[] = [];
    for (;;) {
      const page = (await (await this.#fetch(`/reports?skip=${all.length}&limit=50`, {})).json()) as WireReport[];
      all.push(...page);
      if (page.length < 50) return all;
    }
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const client = readCredentials(this.#credentials).clients.find(({ role }) => role === 'BL');
    if (client === undefined) throw new Error('there is no business-logic client');
    const headers = new Headers({ authorization: `Bearer ${await tokenFor(this.#url, client)}` });
    if (init.body !== undefined) headers.set('content-type', 'application/json');
    const response = await fetch(`${this.#url}${path}`, { ...init, headers });
    if (!response.ok) throw new Error(`${init.method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

export const outboxOf = (folder: string, name: string): string => join(folder, `${name}-outbox.db`);
export const iso = (time: Instant): string => new Date(time).toISOString();
export const FIVE_MINUTES = minutes(5);
