import { type Clock, seconds, sleepAwake, VenfleetError } from '@venfleet/core';
import {
  decodeAvailability,
  decodeMessage,
  encodeCommand,
  expandTopic,
  type PointValue,
  type SpokenTopic,
  type Values,
} from '@venfleet/devices';
import { dialectOf } from '../../control/dialect.js';
import type { Controller, Dialect } from '../../control/model.js';
import type { MqttPlace } from '../plan.js';

/** How long a controller may take to say what became of a command. */
const ANSWER_TIMEOUT = seconds(2);

export interface MqttControllerPorts {
  readonly clock: Clock;
  readonly publish: (topic: string, payload: string, qos: 0 | 1 | 2) => void;
  /** @throws VenfleetError BROKER_…, METER_STOPPED while the broker is not there */
  readonly requireBroker: () => void;
  /** Waits for a turn among those who wait for an answer, and gives what ends it. */
  readonly turn: () => Promise<() => void>;
}

/** A controller that retains its state at the broker and says it anew whenever it changes. */
export class MqttController implements Controller {
  readonly dialect: Dialect;
  readonly place: MqttPlace;
  readonly #ports: MqttControllerPorts;
  readonly #waiting = new Set<() => void>();
  #values: Values | undefined;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isOffline = false;
  #heard: (values: Values) => void = () => {};

  constructor(place: MqttPlace, ports: MqttControllerPorts) {
    this.place = place;
    this.#ports = ports;
    // The plan has no places for devices that cannot be controlled.
    this.dialect = dialectOf(place.profile) as Dialect;
  }

  get resource() {
    return this.place.resource;
  }

  listen(heard: (values: Values) => void): void {
    this.#heard = heard;
  }

  /**
   * A message on the controller's topic for what is spoken.
   * @throws VenfleetError PAYLOAD_… for one that cannot be read; what was known before stays
   */
  receive({ kind, name }: SpokenTopic, payload: Uint8Array, retained: boolean): void {
    const { profile } = this.place;
    if (kind === 'availability') {
      this.#isOffline = decodeAvailability(profile, payload) === false;
      if (this.#isOffline) this.#wake();
    }
    if (name === undefined) return;
    const said = decodeMessage(profile, name, payload);
    if (said === undefined) return;
    // What the broker retained is the controller's last word, but nobody knows how long ago the seconds were counted.
    this.#values = { ...this.#values, ...said, ...(retained ? { limitTimeLeftS: undefined } : {}) };
    this.#heardAt = this.#ports.clock.monotonic();
    this.#heard(this.#values);
    this.#wake();
  }

  async read(): Promise<Values> {
    const { clock, requireBroker } = this.#ports;
    requireBroker();
    this.#refuseOffline();
    if (this.#values === undefined) await this.#wait(() => this.#values !== undefined);
    const age = clock.monotonic() - this.#heardAt;
    if (this.#values === undefined || age > seconds(this.place.profile.staleAfterS)) throw this.#silent();
    const { limitTimeLeftS } = this.#values;
    if (typeof limitTimeLeftS !== 'number') return this.#values;
    return { ...this.#values, limitTimeLeftS: Math.max(0, limitTimeLeftS - Math.floor(age / 1000)) };
  }

  async write(controls: Readonly<Record<string, PointValue>>, confirms: (values: Values) => boolean): Promise<Values> {
    const { profile, topic } = this.place;
    const payload = encodeCommand(profile, controls);
    const end = await this.#ports.turn();
    try {
      const { clock, publish, requireBroker } = this.#ports;
      requireBroker();
      this.#refuseOffline();
      const told = clock.monotonic();
      let answer: Values | undefined;
      const answered = this.#wait(() => {
        answer = this.#values;
        return answer !== undefined && confirms(answer);
      });
      publish(expandTopic(profile.command?.topic as string, { topic }), payload, profile.command?.qos ?? 1);
      await answered;
      this.#refuseOffline();
      // The state follows whether or not the controller took the command; none at all is silence.
      if (answer === undefined || this.#heardAt < told) throw this.#silent();
      return answer;
    } finally {
      end();
    }
  }

  /** The connection to the broker broke: a will may be missed, so it is not known who is offline. */
  forgetAvailability(): void {
    this.#isOffline = false;
  }

  /** Until `isIt` holds after something was heard, the controller is said to be offline, or the time is over. */
  async #wait(isIt: () => boolean): Promise<void> {
    const patience = new AbortController();
    const look = () => {
      if (this.#isOffline || isIt()) patience.abort();
    };
    this.#waiting.add(look);
    await sleepAwake(this.#ports.clock, ANSWER_TIMEOUT, patience.signal).catch(() => {});
    this.#waiting.delete(look);
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #refuseOffline(): void {
    if (this.#isOffline) throw new VenfleetError('METER_OFFLINE', 'the broker says that its controller is offline');
  }

  #silent(): VenfleetError {
    const ageS = Math.round((this.#ports.clock.monotonic() - this.#heardAt) / 1000);
    const last = Number.isFinite(ageS) ? `; its last word came ${ageS} s ago` : ', and has not been heard of';
    return new VenfleetError('CONTROLLER_SILENT', `its controller does not say its state${last}`);
  }
}
