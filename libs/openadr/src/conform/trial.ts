import type { Clock, Duration } from '@venfleet/core';
import type { WireVersion } from '../wire/common.js';
import type { Answer, JsonObject } from './answer.js';
import { NotCheckable } from './findings.js';
import { INTERVAL, type Kind, kindsOf, operations, venBody } from './kinds.js';
import type { Party } from './party.js';
import type { Hook, Receiver } from './receiver.js';
import type { TokenDesk } from './token-desk.js';

/** The parties of a run. */
export interface Cast {
  readonly bl: Party;
  /** Without a token. */
  readonly nobody: Party;
  readonly ven: Party | undefined;
  readonly otherVen: Party | undefined;
}

/** What all lines of a run share. */
export interface Setting {
  readonly version: WireVersion;
  readonly cast: Cast;
  /** Undefined where no credentials are used. */
  readonly tokens: TokenDesk | undefined;
  readonly receiver: Receiver;
  /** How long a notification may take. */
  readonly patience: Duration;
  /** How long to wait for one more that must not come. */
  readonly grace: Duration;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Another one each time, with the beginning of all names of this run. */
  readonly newName: () => string;
  readonly newSecret: () => string;
  /** Has a collection searched for objects of this run when the line is over, as answers do not tell of them. */
  readonly doubt: (path: string) => void;
}

/** One line of the checklist under way: makes the objects that it needs, which are deleted when it is over. */
export class Trial {
  readonly #setting: Setting;
  /** What was left out, and why. */
  readonly notes: string[] = [];

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
    return this.#setting.cast.bl;
  }
  get nobody(): Party {
    return this.#setting.cast.nobody;
  }
  get receiver(): Receiver {
    return this.#setting.receiver;
  }

  /** @throws NotCheckable */
  get ven(): Party {
    return this.#setting.cast.ven ?? lacking('a VEN client (--ven-client-id)');
  }
  get hasVen(): boolean {
    return this.#setting.cast.ven !== undefined;
  }
  /** @throws NotCheckable */
  get otherVen(): Party {
    return this.#setting.cast.otherVen ?? lacking('a second VEN client (--ven2-client-id)');
  }
  get hasOtherVen(): boolean {
    return this.#setting.cast.otherVen !== undefined;
  }
  /** @throws NotCheckable */
  get tokens(): TokenDesk {
    return this.#setting.tokens ?? lacking('client credentials (--client-id)');
  }

  /** Whether there is a VEN client, which reports need; a note says so where there is none. */
  looksAtReports(): boolean {
    if (!this.hasVen) this.notes.push('reports were not looked at, as there is no VEN client (--ven-client-id)');
    return this.hasVen;
  }

  /**
   * Business logic with a token for reading alone.
   * @returns undefined where the VTN does not issue such
   */
  async reader(): Promise<Party | undefined> {
    const { access_token: token, scope } = ((await this.tokens.byForm({ scope: 'read_all' })).json ?? {}) as JsonObject;
    if (typeof token !== 'string' || scope !== 'read_all') return undefined;
    return this.bl.withToken('BL with the scope read_all', token);
  }

  /** A name that nothing else has, of letters that an id may have. */
  name(): string {
    return this.#setting.newName();
  }

  /** A bearer token for a callback, which no report shows. */
  secret(): string {
    return this.#setting.newSecret();
  }

  /** Says that a refused POST may have stored something. */
  doubt(path: string): void {
    this.#setting.doubt(path);
  }

  /** POSTs and wants 201. @throws Nonconformity */
  async make(by: Party, path: string, body: unknown, what = 'the object is made'): Promise<JsonObject> {
    const answer = (await by.post(path, body)).expect(201, what);
    answer.text('id');
    return answer.object();
  }

  program(more: JsonObject = {}): Promise<JsonObject> {
    return this.make(this.bl, '/programs', { programName: this.name(), ...more }, 'a program is made');
  }

  /** An event that no VEN acts on, of `programID` or of a program of its own. */
  async event(more: JsonObject = {}, programID?: unknown): Promise<JsonObject> {
    const program = programID ?? (await this.program()).id;
    const body = { programID: program, eventName: this.name(), intervals: [INTERVAL], ...more };
    return await this.make(this.bl, '/events', body, 'an event is made');
  }

  /** A ven as business logic makes it; in 3.1 of a client that does not exist. */
  blVen(more: JsonObject = {}): Promise<JsonObject> {
    return this.make(this.bl, '/vens', { ...venBody(this.version, this.name()), ...more }, 'business logic makes a ven');
  }

  /**
   * 3.1: the ven of a VEN client, made now: by itself, or by business logic where VENs may not register.
   * @param forbidden members that the VEN tries to write besides, for which it may be refused once
   * @throws NotCheckable where the client has one: no foreign object is touched
   */
  async ownVen(party: Party, forbidden: JsonObject = {}): Promise<JsonObject> {
    const known = (await party.get('/vens')).expect(200, 'a VEN lists its vens').list();
    if (known.length > 0) {
      throw new NotCheckable(
        `the client of the ${party.name} has a ven already (${known[0]?.venName}), and this line needs one without`,
      );
    }
    const request = { objectType: 'VEN_VEN_REQUEST', venName: this.name() };
    let answer = await party.post('/vens', { ...request, ...forbidden });
    if ([400, 403, 422].includes(answer.status)) answer = await party.post('/vens', request);
    if (answer.status !== 401 && answer.status !== 403) return answer.expect(201, 'a VEN makes its ven').object();
    if (party.clientId === undefined)
      throw new NotCheckable('the VTN lets no VEN register itself, and the client id is not known');
    return await this.make(
      this.bl,
      '/vens',
      venBody(this.version, this.name(), party.clientId),
      'business logic makes the VEN’s ven',
    );
  }

  /**
   * A subscription whose callback is ours.
   * @throws NotCheckable where the VTN refuses a callback that real ones would not be like; Nonconformity
   */
  async subscribe(by: Party, hook: Hook, body: JsonObject): Promise<JsonObject> {
    const answer = await by.post('/subscriptions', { clientName: this.name(), ...body });
    if ([400, 403, 422].includes(answer.status) && !this.receiver.secure && hook.challenges.length === 0) {
      throw new NotCheckable(
        `the VTN refuses the callback ${hook.url} without asking it for the echo: give one that it takes (--callback-url https://…), or let it take this one. ${answer.seen}`,
      );
    }
    return answer.expect(201, 'a subscription whose callback answers the echo challenge is made').object();
  }

  /** All kinds of object of the version, with what they refer to made; those that cannot be written here are left out. */
  async kinds(): Promise<readonly Kind[]> {
    const event = await this.event();
    const ven = await this.blVen();
    const hook = this.receiver.hook();
    const kinds = kindsOf(this.version, {
      programID: String(event.programID),
      eventID: String(event.id),
      venID: String(ven.id),
      venClientID: String(ven.clientID),
      callbackUrl: hook.url,
    });
    const left = new Set<string>();
    if (!this.looksAtReports()) left.add('report');
    if (!(await this.#takesSubscriptions(event.programID, hook))) left.add('subscription');
    return kinds.filter(({ name }) => !left.has(name));
  }

  /** Whether the VTN knows subscriptions at all; a note says if it does not. */
  async hasSubscriptions(): Promise<boolean> {
    const { status } = await this.bl.get('/subscriptions?limit=1');
    const has = ![404, 405, 501].includes(status);
    if (!has) this.notes.push(`subscriptions were not looked at: the VTN has none (GET /subscriptions gives ${status})`);
    return has;
  }

  /** Whether subscriptions can be looked at; a note says why not. */
  async #takesSubscriptions(programID: unknown, hook: Hook): Promise<boolean> {
    if (!(await this.hasSubscriptions())) return false;
    const objectOperations = [operations(hook.url, ['PROGRAM'], ['UPDATE'])];
    const subscribe = () => this.subscribe(this.bl, hook, { programID, objectOperations });
    return (await this.ifCheckable('subscriptions', subscribe)) !== undefined;
  }

  /** What `work` gives; undefined, and a note, where it cannot be had. */
  async ifCheckable<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotCheckable)) throw error;
      this.notes.push(`${what} were not looked at: ${error.message}`);
      return undefined;
    }
  }

  writerOf(kind: Kind): Party {
    return kind.writer === 'ven' ? this.ven : this.bl;
  }

  /** Makes one of a kind. */
  async one(kind: Kind, more: JsonObject = {}): Promise<{ answer: Answer; object: JsonObject; path: string }> {
    const answer = await this.writerOf(kind).post(kind.path, { ...kind.body(this.name()), ...more });
    answer.expect(201, `a ${kind.name} is made`);
    return { answer, object: answer.object(), path: `${kind.path}/${encodeURIComponent(answer.text('id'))}` };
  }

  /** Waits for a notification. @returns undefined when it does not come in time */
  delivery(hook: Hook, fits: Parameters<Hook['waitFor']>[0]): ReturnType<Hook['waitFor']> {
    return hook.waitFor(fits, this.#setting.patience, this.#setting.signal);
  }

  /** Lets time pass in which what must not come could. */
  async pause(): Promise<void> {
    await this.#setting.clock.sleep(this.#setting.grace, this.#setting.signal);
  }
}

function lacking(what: string): never {
  throw new NotCheckable(`this needs ${what}`);
}
