import { type Clock, type Duration, describeError, type Instant, instant, milliseconds, seconds } from '@venfleet/core';
import { formatDateTime, type WireVersion } from '@venfleet/openadr';
import { type JsonObject, Nonconformity, NotCheckable, type Party, type Redactor } from '@venfleet/openadr/conform';
import type { Seat, Seats } from './seats.js';
import type { PlanView } from './ven/ven.js';
import { type Exchange, objectOf } from './vtn/gateway.js';

/** What all lines of one version share. */
export interface Setting {
  readonly version: WireVersion;
  /** Business logic at the VTN. */
  readonly bl: Party;
  readonly seats: Seats;
  /** How long the VEN may take for what it is to do at once. */
  readonly patience: Duration;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
  readonly newName: () => string;
}

/** So near must a limit be to the one expected, of it: limits are whole watts, each site's rounded. */
const CLOSE = 0.01;
/** … and what devices are held to at least, of it. */
const HELD = 0.7;
const LOOK_AGAIN = milliseconds(250);

/** What a VEN may take to try again after failures, in s. */
const RECOVERY_S = 100;

/** One line of the checklist under way. */
export class Trial {
  readonly #setting: Setting;
  /** What was left out, and why. */
  readonly notes: string[] = [];
  #program: Promise<string> | undefined;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  get version(): WireVersion {
    return this.#setting.version;
  }
  get in301(): boolean {
    return this.version === '3.0.1';
  }
  get bl(): Party {
    return this.#setting.bl;
  }
  get clock(): Clock {
    return this.#setting.clock;
  }
  get signal(): AbortSignal {
    return this.#setting.signal;
  }
  get seats(): Seats {
    return this.#setting.seats;
  }
  /** Of waiting for the VEN. */
  get waiting(): { readonly patience: Duration; readonly signal: AbortSignal } {
    return { patience: this.#setting.patience, signal: this.signal };
  }

  now = (): Instant => this.clock.now();
  /** In so many seconds. */
  inS = (s: number): Instant => instant(this.now() + seconds(s));
  pause = (s: number): Promise<void> => this.clock.sleep(seconds(s), this.signal);

  /** A whole hour so many days from now, when nothing else is. */
  day(n: number): Instant {
    const hour = 3_600_000;
    return instant((Math.floor(this.now() / hour) + 24 * n) * hour);
  }

  /** The VEN that most lines are about. @throws Nonconformity where it does not come to read events */
  resident(): Promise<Seat> {
    return this.#setting.seats.resident();
  }

  /** An event of this line's program, by business logic. @returns its id */
  async event(body: JsonObject): Promise<string> {
    this.#program ??= this.bl
      .post('/programs', { programName: this.#setting.newName() })
      .then((answer) => answer.expect(201, 'a program').text('id'));
    const programID = await this.#program;
    return (await this.bl.post('/events', { programID, ...body })).expect(201, 'an event').text('id');
  }

  /** The same event with other content. */
  async change(id: string, changes: JsonObject): Promise<void> {
    const before = (await this.bl.get(`/events/${id}`)).expect(200, 'the event').object();
    (await this.bl.put(`/events/${id}`, { ...before, ...changes })).expect(200, 'the changed event');
  }

  async remove(id: string): Promise<void> {
    (await this.bl.delete(`/events/${id}`)).expect(200, 'the deleted event');
  }

  /** What the VEN says of a time. @throws NotCheckable for one that does not tell; Nonconformity where it fails to */
  async plan({ ven }: Seat, at?: Instant): Promise<PlanView> {
    if (ven.plan === undefined) throw new NotCheckable('the VEN does not tell what it does when (--plan-command)');
    try {
      return await ven.plan(at);
    } catch (error) {
      this.signal.throwIfAborted();
      throw new Nonconformity({
        expected: 'an answer to what it does',
        seen: this.#setting.redactor.apply(describeError(error)),
      });
    }
  }

  /**
   * Waits until the VEN's limit at a time is `kw`; null: none.
   * @param why what follows from the events
   * @throws Nonconformity with what it says instead
   */
  async limit(seat: Seat, at: Instant | undefined, kw: number | null, why: string): Promise<void> {
    await this.planned(seat, at, ({ limitKw }) => isLimit(limitKw, kw), `${limitText(kw)}: ${why}`);
  }

  /** Waits until what its devices are held to is `kw`, where the VEN tells. */
  async held(seat: Seat, kw: number | null, why: string): Promise<void> {
    if ((await this.plan(seat)).heldKw === undefined) return void this.notes.push('what its devices do is not told (heldKw)');
    await this.planned(seat, undefined, ({ heldKw = null }) => isHeld(heldKw, kw), `devices held to ${limitText(kw)}: ${why}`);
  }

  /** Waits until what the VEN says of a time `fits`. */
  async planned(seat: Seat, at: Instant | undefined, fits: (view: PlanView) => boolean, expected: string): Promise<PlanView> {
    const end = this.clock.monotonic() + this.#setting.patience;
    for (;;) {
      const view = await this.plan(seat, at);
      if (fits(view)) return view;
      if (this.clock.monotonic() > end) {
        const time = at === undefined ? 'now' : `at ${formatDateTime(at)}`;
        throw new Nonconformity({ expected: `${time}, ${expected}`, seen: JSON.stringify(view) });
      }
      await this.clock.sleep(LOOK_AGAIN, this.signal);
    }
  }

  /** Waits for requests of the VEN. @throws Nonconformity where they do not come */
  async asked(
    { gateway }: Seat,
    since: Instant,
    fits: (exchange: Exchange) => boolean,
    expected: string,
    { patience = this.#setting.patience, count = 1 }: { readonly patience?: Duration; readonly count?: number } = {},
  ): Promise<Exchange[]> {
    const found = await gateway.wait(since, fits, { patience, signal: this.signal, count });
    if (found.length < count) throw this.differs(expected, found.length === 0 ? gateway.since(since).slice(-5) : found);
    return found;
  }

  /** A failure that shows requests. */
  differs(expected: string, seen: readonly Exchange[]): Nonconformity {
    const text = seen.length === 0 ? 'nothing asked' : seen.map((exchange) => this.text(exchange)).join('\n');
    return new Nonconformity({ expected, seen: text });
  }

  /** A request for people, without secrets. */
  text({ askedAt, ask, reply }: Exchange): string {
    const query = ask.query.size === 0 ? '' : `?${ask.query}`;
    // Nothing of credentials and tokens is shown.
    const body = ask.body === '' || isToken(ask) ? '' : ` ${this.#setting.redactor.apply(ask.body).slice(0, 600)}`;
    return `${formatDateTime(askedAt).slice(11)} ${ask.method} ${ask.path}${query}${body} → ${reply.status}`;
  }

  /** Waits until the VEN has read events again that it was kept from reading: it may have gone on to longer pauses. */
  async readAgain(seat: Seat): Promise<void> {
    const patience = seconds(RECOVERY_S + this.#setting.patience / 1000);
    await this.asked(seat, this.now(), isListing, 'events read again, now that they can be', { patience });
  }
}

const isLimit = (seen: number | null, wanted: number | null): boolean =>
  seen === null || wanted === null ? seen === wanted : Math.abs(seen - wanted) <= CLOSE * wanted;

/** Devices may be left a little below what they are allowed, to spare them writes. */
const isHeld = (seen: number | null, wanted: number | null): boolean =>
  seen === null || wanted === null ? seen === wanted : seen <= (1 + CLOSE) * wanted && seen >= HELD * wanted;

const limitText = (kw: number | null): string => (kw === null ? 'no limit' : `a limit of ${kw} kW`);

/** A page of events that was got. */
export const isListing = ({ ask, reply }: Exchange): boolean => isEvents(ask) && reply.status === 200;
export const isEvents = ({ method, path }: Exchange['ask']): boolean => method === 'GET' && path.endsWith('/events');
export const isToken = ({ method, body }: Exchange['ask']): boolean => method === 'POST' && body.includes('grant_type=');
/** A report on an event. */
export const isReportOn =
  (eventID: string) =>
  ({ ask, reply }: Exchange): boolean =>
    isPost(ask, 'reports') && reply.status === 201 && objectOf(ask).eventID === eventID;
export const isPost = ({ method, path }: Exchange['ask'], collection: string): boolean =>
  method === 'POST' && path.endsWith(`/${collection}`);

/** An event that caps what the VEN draws, in kW. */
export const cap = (kw: number, start: Instant | string | undefined, duration: string, more: JsonObject = {}): JsonObject => ({
  intervals: [{ id: 0, ...period(start, duration), payloads: [limitOf(kw)] }],
  ...more,
});

export const limitOf = (kw: number): JsonObject => ({ type: 'IMPORT_CAPACITY_LIMIT', values: [kw] });

export const period = (start: Instant | string | undefined, duration: string): JsonObject => ({
  intervalPeriod: {
    ...(start === undefined ? {} : { start: typeof start === 'string' ? start : formatDateTime(start) }),
    duration,
  },
});
