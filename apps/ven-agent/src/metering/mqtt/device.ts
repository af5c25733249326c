import {
  type Clock,
  type HasMonotonic,
  type HasNow,
  type Instant,
  isVenfleetError,
  milliseconds,
  seconds,
  sleepAwake,
  VenfleetError,
} from '@venfleet/core';
import {
  decodeAvailability,
  decodeMessage,
  encodeQuery,
  expandTopic,
  type MqttProfile,
  type MqttQuery,
  type SpokenTopic,
  type Values,
  withDerived,
} from '@venfleet/devices';
import type { MeterDriver, Sample } from '../meter.js';
import type { MqttPlace } from '../plan.js';
import { readingPart } from './reading-part.js';

/** How long a device may take to answer a query. */
const ANSWER_TIMEOUT = seconds(2);

const SILENT_HINT = 'is it on and connected to the broker, and are topic and profile of its connection right?';

/** Why the wait for an answer is called off; a reason of its own costs no stack. */
const ANSWERED = 'it was answered';

/** Waits for an answer. */
const NOBODY = () => {};

const COUNTERS = ['energyImportWh', 'energyExportWh'] as const;

/** When something was last said: by both clocks, since ages are measured by the one that does not jump. */
interface Said {
  readonly at: Instant;
  readonly monotonic: number;
}

export interface MqttDevicePorts {
  readonly clock: Clock;
  readonly publish: (topic: string, payload: string, qos: 0 | 1 | 2) => void;
  /** Resolves when everything is subscribed to. @throws VenfleetError BROKER_…, SECRET_…, METER_STOPPED while it is not */
  readonly subscribed: () => Promise<void>;
}

/**
 * A meter that speaks by itself, and is asked when it has been silent for a slot. Power and counters may come
 * in messages of their own, and each keeps the time at which it came.
 */
export class MqttDevice implements MeterDriver {
  readonly place: MqttPlace;
  /** The answers to this device's queries come below it. */
  readonly replyPrefix: string;
  readonly #ports: MqttDevicePorts;
  readonly #query: MqttQuery | undefined;
  #values: Values = {};
  #power: Said | undefined;
  #counters: Said | undefined;
  #newPower = false;
  #newCounters = false;
  #isOffline = false;
  /** Why the last message could not be read. */
  #misread: VenfleetError | undefined;
  #heard: () => void = NOBODY;
  #lastQuery = 0;

  constructor(place: MqttPlace, replyPrefix: string, ports: MqttDevicePorts) {
    this.place = { ...place, profile: readingPart(place.profile) };
    this.replyPrefix = replyPrefix;
    this.#ports = ports;
    this.#query = powerQuery(place.profile);
  }

  get resource() {
    return this.place.resource;
  }

  get where(): string {
    return `${this.place.topic} (${this.place.profile.id})`;
  }

  /**
   * A message on the device's topic for what is spoken.
   * @throws VenfleetError PAYLOAD_… for one that cannot be read; what was known before stays
   */
  receive({ kind, name }: SpokenTopic, payload: Uint8Array, retained: boolean): void {
    const { profile } = this.place;
    if (kind === 'availability') this.#isOffline = decodeAvailability(profile, payload) === false;
    // A retained value is as old as nobody knows.
    if (name === undefined || retained) return;
    const said = this.#decode(name, payload);
    if (said === undefined) return;
    this.#values = withDerived(profile.derived, { ...this.#values, ...said });
    this.#note(withDerived(profile.derived, said));
  }

  async read(): Promise<readonly Sample[]> {
    await this.#ports.subscribed();
    this.#refuseOffline();
    if (this.#hasNews()) return this.#take();
    if (this.#query !== undefined) {
      await this.#ask(this.#query);
      this.#refuseOffline();
      if (this.#hasNews()) return this.#take();
      this.#refuseMisread();
      throw new VenfleetError('METER_SILENT', `it does not answer a query within ${ANSWER_TIMEOUT} ms${this.#lastWord()}`, {
        hint: SILENT_HINT,
      });
    }
    if (isFresh(this.#power ?? this.#counters, this.place.profile, this.#ports.clock)) return [];
    this.#refuseMisread();
    throw new VenfleetError('METER_STALE', `it says nothing${this.#lastWord()}`, {
      context: { staleAfterS: this.place.profile.staleAfterS },
      hint: SILENT_HINT,
    });
  }

  /** The connection to the broker broke: a will may be missed, so it is not known who is offline. */
  forgetAvailability(): void {
    this.#isOffline = false;
    this.#heard();
  }

  #decode(name: string, payload: Uint8Array): Values | undefined {
    try {
      const said = decodeMessage(this.place.profile, name, payload);
      this.#misread = undefined;
      return said;
    } catch (error) {
      if (isVenfleetError(error)) this.#misread = error;
      this.#heard();
      throw error;
    }
  }

  #note(said: Values): void {
    const { clock } = this.#ports;
    const now = { at: clock.now(), monotonic: clock.monotonic() };
    if (typeof said.powerW === 'number') {
      this.#power = now;
      this.#newPower = true;
    }
    if (COUNTERS.some((name) => typeof said[name] === 'number')) {
      this.#counters = now;
      this.#newCounters = true;
    }
    if (this.#hasNews()) this.#heard();
  }

  /** Power is what makes a reading; a meter without it has its counters. */
  #hasNews(): boolean {
    return this.#newPower || (this.#newCounters && !this.place.profile.points.has('powerW'));
  }

  /** What has come since the last time, each value with its own time. */
  #take(): Sample[] {
    const { powerW, energyImportWh, energyExportWh } = this.#values;
    const power = this.#newPower ? this.#power : undefined;
    const counters = this.#newCounters ? this.#counters : undefined;
    this.#newPower = false;
    this.#newCounters = false;
    if (power !== undefined && power.at === counters?.at) {
      return [{ at: power.at, values: { powerW, energyImportWh, energyExportWh } }];
    }
    const samples: Sample[] = [];
    if (power !== undefined) samples.push({ at: power.at, values: { powerW } });
    if (counters !== undefined) samples.push({ at: counters.at, values: { energyImportWh, energyExportWh } });
    return samples.sort((a, b) => a.at - b.at);
  }

  async #ask(query: MqttQuery): Promise<void> {
    const { clock, publish } = this.#ports;
    const parameters = { client: this.replyPrefix, id: ++this.#lastQuery };
    const patience = new AbortController();
    this.#misread = undefined;
    const heard = new Promise<void>((resolve) => {
      this.#heard = resolve;
    });
    publish(
      expandTopic(query.topic, { topic: this.place.topic, client: this.replyPrefix }),
      encodeQuery(query, parameters),
      query.qos,
    );
    await Promise.race([heard, sleepAwake(clock, ANSWER_TIMEOUT, patience.signal).catch(() => {})]);
    patience.abort(ANSWERED);
    this.#heard = NOBODY;
  }

  #refuseOffline(): void {
    if (this.#isOffline) throw new VenfleetError('METER_OFFLINE', `the broker says that it is offline${this.#lastWord()}`);
  }

  /** It speaks, but nobody can tell what it says. */
  #refuseMisread(): void {
    if (this.#misread === undefined) return;
    throw new VenfleetError('METER_GARBLED', `what it says makes no sense: ${this.#misread.message}`, {
      cause: this.#misread,
      hint: 'is the profile of its connection right, and does nothing else publish on its topics?',
    });
  }

  #lastWord(): string {
    const last = this.#power ?? this.#counters;
    if (last === undefined) return ', and has not been heard of';
    const agoS = Math.round((this.#ports.clock.monotonic() - last.monotonic) / 1000);
    return `; its last value came ${agoS} s ago`;
  }
}

/** Whether what was said still counts, by the profile. */
function isFresh(said: Said | undefined, profile: MqttProfile, clock: HasNow & HasMonotonic): boolean {
  return said !== undefined && milliseconds(clock.monotonic() - said.monotonic) <= seconds(profile.staleAfterS);
}

/** The query that is answered with the power; undefined where the profile has none. */
function powerQuery({ queries, messages }: MqttProfile): MqttQuery | undefined {
  return [...queries.values()].find(({ answer }) =>
    messages.get(answer)?.fields.some(({ points }) => points.some(({ name }) => name === 'powerW')),
  );
}
