import { type Signal, signal } from '@preact/signals';
import { type LoginWays, PATHS, type Series, type Session, type StreamEvent } from '@venfleet/console-api';
import { type Clock, describeError, isAbort, type Random, seconds } from '@venfleet/core';
import { type ApiError, isApiError } from '../api/api-error.js';
import { ApiClient, type Fetch } from '../api/client.js';
import { Login, type TokenStore } from '../api/login.js';
import { follow } from '../api/stream.js';
import { FleetStore } from '../fleet/fleet-store.js';
import { Frames } from '../fleet/frames.js';

/** What the whole page is about at the moment. */
export type Phase =
  | { readonly kind: 'starting' }
  | { readonly kind: 'unreachable'; readonly error: ApiError }
  /** `notice` says why one has to log in again. */
  | { readonly kind: 'login'; readonly ways: LoginWays; readonly notice?: string }
  | { readonly kind: 'open'; readonly session: Session };

export interface ConsoleParts {
  readonly fetch: Fetch;
  readonly tokens: TokenStore;
  readonly clock: Clock;
  readonly random: Random;
  /** `requestAnimationFrame` */
  readonly frame: (callback: () => void) => void;
}

/** The console without anything to see: who is logged in, what is known of the fleet, what is to be told. */
export class Console {
  readonly phase: Signal<Phase> = signal({ kind: 'starting' });
  readonly fleet: FleetStore;
  readonly login: Login;
  readonly api: ApiClient;
  /** The server's time, each second; undefined before it is known. */
  readonly now: Signal<number | undefined> = signal(undefined);
  /** What a screen reader is told next. */
  readonly told: Signal<string> = signal('');
  readonly #parts: ConsoleParts;
  #session: AbortController | undefined;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.fleet = new FleetStore(parts.clock);
    this.login = new Login(parts.fetch, parts.tokens);
    this.api = new ApiClient(parts.fetch, this.login);
  }

  /** Asks how one logs in here, and does so where that needs nobody. @param code of a login link */
  async start(code?: string): Promise<void> {
    this.phase.value = { kind: 'starting' };
    let ways: LoginWays;
    try {
      ways = await this.login.ways();
    } catch (error) {
      this.phase.value = { kind: 'unreachable', error: error as ApiError };
      return;
    }
    let notice = code === undefined ? undefined : await this.#useCode(code);
    if (notice === undefined && (this.login.token() !== undefined || ways.ways.includes('none'))) {
      try {
        return await this.open();
      } catch (error) {
        notice = isApiError(error, 'API_UNAUTHORIZED') ? undefined : describeError(error);
        this.login.end();
      }
    }
    this.phase.value = { kind: 'login', ways, ...(notice === undefined ? {} : { notice }) };
  }

  async #useCode(code: string): Promise<string | undefined> {
    try {
      await this.login.byCode(code);
      return undefined;
    } catch (error) {
      return `The login link was not accepted: ${describeError(error)}. It is good once, and not for long.`;
    }
  }

  /** Shows the fleet to who has a token. @throws ApiError when the token is not good enough */
  async open(): Promise<void> {
    const session = await this.api.get<Session>(PATHS.session);
    const ended = new AbortController();
    this.#session = ended;
    this.phase.value = { kind: 'open', session };
    void this.#tick(ended.signal);
    void this.#follow(ended.signal);
  }

  /** Forgets who is logged in. */
  async logOut(notice?: string): Promise<void> {
    this.#session?.abort();
    this.login.end();
    try {
      const ways = await this.login.ways();
      this.phase.value = { kind: 'login', ways, ...(notice === undefined ? {} : { notice }) };
    } catch (error) {
      this.phase.value = { kind: 'unreachable', error: error as ApiError };
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { fleet } = this;
    const frames = new Frames<StreamEvent>(this.#parts.frame, (messages) => {
      if (!signal.aborted) fleet.apply(messages);
    });
    await follow(
      { api: this.api, clock: this.#parts.clock, random: this.#parts.random },
      {
        on: (message) => {
          frames.push(message);
          // Also after a connection was lost: what came meanwhile is missing from the curve.
          if (message.event === 'snapshot') void this.#loadSeries(signal);
        },
        lost: (error) => {
          const wasLive = fleet.connection.peek().state === 'live';
          fleet.connection.value = { state: 'lost', reason: describeError(error) };
          if (wasLive) this.told.value = 'Connection lost. Trying again.';
        },
        refused: () => void this.logOut('Your session has ended. Log in again.'),
      },
      signal,
    );
  }

  async #loadSeries(signal: AbortSignal): Promise<void> {
    try {
      const series = await this.api.get<Series>(PATHS.fleetSeries, signal);
      if (!signal.aborted) this.fleet.series.value = series;
    } catch (error) {
      // The curve then begins with what the stream brings.
      if (!isAbort(error)) this.told.value = `The load so far cannot be shown: ${describeError(error)}`;
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.now.value = this.fleet.now();
      await this.#parts.clock.sleep(seconds(1), signal).catch(() => {});
    }
  }
}
