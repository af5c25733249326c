import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Duration, describeError, instant } from '@venfleet/core';
import type { Client, WireVersion } from '@venfleet/openadr';
import { Nonconformity, type Redactor } from '@venfleet/openadr/conform';
import { isListing } from './trial.js';
import type { Push, RunningVen, Ven } from './ven/ven.js';
import { type Exchange, Gateway, type GatewayOptions, type Rule } from './vtn/gateway.js';

/** Under which names the VEN is started: each is another ven. */
export const PURPOSES = ['resident', 'known', 'hidden', 'refused', 'bare', 'pushed', 'listening', 'wary'] as const;
export type Purpose = (typeof PURPOSES)[number];

/** A VEN's name for a purpose: versions do not meddle with each other. */
export const venNameOf = (purpose: Purpose, version: WireVersion): string => `Conform ${purpose} ${version.replaceAll('.', '-')}`;

/** A VEN that was started, at a gateway of its own. */
export interface Seat {
  readonly ven: RunningVen;
  readonly gateway: Gateway;
  readonly client: Client;
}

export interface StartOptions {
  readonly rules?: readonly Rule[];
  readonly tls?: GatewayOptions['tls'];
  readonly push?: Push;
  readonly pollS?: number;
}

export interface SeatsOptions {
  readonly ven: Ven;
  readonly version: WireVersion;
  /** Origin of the VTN, and the path of the version there. */
  readonly vtn: { readonly origin: string; readonly path: string };
  readonly clients: readonly Client[];
  readonly folder: string;
  readonly patience: Duration;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}

/** The VENs of a run, each started when a line asks for it. */
export class Seats {
  readonly #options: SeatsOptions;
  readonly #running: Seat[] = [];
  #started = 0;
  #resident: Promise<Seat> | undefined;

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** The client of a purpose. */
  client(purpose: Purpose): Client {
    const name = venNameOf(purpose, this.#options.version);
    const client = this.#options.clients.find(({ role, venName }) => role === 'VEN' && venName === name);
    if (client === undefined) throw new Error(`there is no client for ${name}`);
    return client;
  }

  get folder(): string {
    return this.#options.folder;
  }

  /** The VEN that most lines share: started once, it reads events when this returns. */
  resident(): Promise<Seat> {
    this.#resident ??= this.start('resident', { rules: [discovered(this.#options.vtn.path)] }).then((seat) => this.reading(seat));
    return this.#resident;
  }

  /** Starts the VEN under the name of a purpose, without any memory. */
  async start(purpose: Purpose, { rules = [], tls, push = 'off', pollS = 1 }: StartOptions = {}): Promise<Seat> {
    const { ven, version, vtn, clock, folder } = this.#options;
    const client = this.client(purpose);
    const gateway = new Gateway({ vtn: vtn.origin, clock, ...(tls === undefined ? {} : { tls }) });
    const origin = await gateway.start();
    for (const rule of rules) gateway.rule(rule);
    const own = join(folder, `${version}-${++this.#started}`);
    mkdirSync(own, { recursive: true });
    const { clientId, clientSecret } = client;
    const name = venNameOf(purpose, version);
    try {
      const running = await ven.start({
        name,
        clientId,
        clientSecret,
        url: origin + vtn.path,
        version,
        folder: own,
        pollS,
        push,
      });
      const seat = { ven: running, gateway, client };
      this.#running.push(seat);
      return seat;
    } catch (error) {
      await gateway.stop();
      this.#options.signal.throwIfAborted();
      throw new Nonconformity({ expected: 'a VEN that starts', seen: this.#options.redactor.apply(describeError(error)) });
    }
  }

  /** Waits until a VEN reads events. @throws Nonconformity where it does not */
  async reading(seat: Seat): Promise<Seat> {
    const { signal, patience, redactor } = this.#options;
    if ((await askedOrEnded(seat, isListing, patience, signal)) !== undefined) return seat;
    const { ven, gateway } = seat;
    const status = await Promise.race([ven.exited, undefined]);
    const asked = gateway.exchanges.map(({ ask, reply }) => `${ask.method} ${ask.path} → ${reply.status}`).slice(-8);
    const how = status === undefined ? '' : `it ended with status ${status}, and `;
    const seen = `${how}asked ${asked.join('; ') || 'nothing'}. ${ven.lastWords()}`;
    throw new Nonconformity({ expected: 'a VEN that registers and reads events', seen: redactor.apply(seen) });
  }

  /** Stops the VENs that one line alone has started. */
  async release(): Promise<void> {
    const resident = await this.#resident?.catch(() => undefined);
    await this.#stop((seat) => seat !== resident);
  }

  async stop(): Promise<void> {
    await this.#stop(() => true);
  }

  async #stop(which: (seat: Seat) => boolean): Promise<void> {
    const leaving = this.#running.filter(which);
    const staying = this.#running.filter((seat) => !leaving.includes(seat));
    this.#running.splice(0, Infinity, ...staying);
    for (const { ven, gateway } of leaving.reverse()) {
      await ven.stop();
      await gateway.stop();
    }
  }
}

/** Waits for a request of a VEN, or for its end. @returns undefined when nothing came within `patience` */
export async function askedOrEnded(
  { ven, gateway }: Seat,
  fits: (exchange: Exchange) => boolean,
  patience: Duration,
  signal: AbortSignal,
): Promise<Exchange | undefined> {
  const over = new AbortController();
  const asked = gateway.wait(instant(0), fits, { patience, signal: AbortSignal.any([signal, over.signal]) });
  try {
    const [first] = await Promise.race([asked, ven.exited.then(() => [])]);
    return first;
  } finally {
    over.abort();
    asked.catch(() => undefined);
  }
}

/** Tells a VEN of another token endpoint than the usual one, by discovery, and leads it to the VTN's. */
function discovered(base: string): Rule {
  const secret = '/found-by-discovery/token';
  return async (ask, next) => {
    if (ask.path === secret) return await next({ ...ask, path: `${base}/auth/token` });
    const reply = await next(ask);
    if (ask.path !== `${base}/auth/server` || reply.status !== 200) return reply;
    return { ...reply, body: JSON.stringify({ tokenURL: `http://${ask.headers.host}${secret}` }) };
  };
}
