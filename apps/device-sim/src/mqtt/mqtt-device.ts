import { type Instant, isVenfleetError, type Logger, VenfleetError } from '@venfleet/core';
import {
  decodeCommand,
  decodeQuery,
  encodeAvailability,
  encodeMessage,
  expandTopic,
  type MqttProfile,
  type MqttQuery,
  type PayloadParameters,
  type PointValue,
  type Values,
} from '@venfleet/devices';
import { type DeviceMemory, type Dialect, dialectOf, localTime, newMemory, parametersOf, type Routine } from './dialects.js';
import type { Publication } from './link.js';
import type { Job } from './schedule.js';

/** What an MQTT device shows and obeys. */
export interface MqttSubject {
  /** Keys the device's place within each period, and its serial number. */
  readonly resourceId: string;
  /** Since when it counts. */
  readonly countsSince: Instant;
  /** When it was switched on, and what it had counted then. */
  readonly start: { readonly at: Instant; readonly energyWh: number };
  /** What it measures at `now`, as the device would say it. */
  read(now: Instant): Values;
  /** @throws VenfleetError SIM_WRITE_REFUSED */
  write(values: Readonly<Record<string, PointValue>>, now: Instant): void;
  /** Whether its network is there: without it nothing is said, heard or answered. */
  isOnline(): boolean;
  /** What its own clock shows at `now`. */
  ownTime(now: Instant): Instant;
}

export interface MqttDeviceOptions {
  readonly profile: MqttProfile;
  /** The device's base topic. */
  readonly topic: string;
  readonly subject: MqttSubject;
  readonly publish: (publication: Publication) => Promise<void>;
  readonly logger: Logger;
}

/** How often an active controller is looked at for a change of its own (expiry, override). */
const WATCH_MS = 1000;

/** A simulated meter or controller on MQTT: its profile says what and where, its dialect says when. */
export class MqttDevice {
  readonly topic: string;
  readonly profile: MqttProfile;
  readonly #subject: MqttSubject;
  readonly #publish: MqttDeviceOptions['publish'];
  readonly #logger: Logger;
  readonly #dialect: Dialect;
  /** Of a device whose dialect needs one. */
  #memory: DeviceMemory | undefined;
  #saidPowerW = Number.NaN;
  /** Of a controller that is watched. */
  #saidState = '';
  #watching = false;

  constructor({ profile, topic, subject, publish, logger }: MqttDeviceOptions) {
    this.profile = profile;
    this.topic = topic;
    this.#subject = subject;
    this.#publish = publish;
    this.#logger = logger;
    this.#dialect = dialectOf(profile);
  }

  get resourceId(): string {
    return this.#subject.resourceId;
  }

  /** The topics that it listens to. */
  get topics(): string[] {
    const { queries, command } = this.profile;
    const templates = [...queries.values()].map((query) => query.topic);
    if (command !== undefined) templates.push(command.topic);
    return [...new Set(templates)].map((template) => expandTopic(template, this));
  }

  /** Its retained availability: said when it comes, when it goes, and by its last will. */
  availability(online: boolean): Publication {
    const { topic, qos } = this.profile.availability;
    return { topic: expandTopic(topic, this), payload: encodeAvailability(this.profile, online), qos, retain: true };
  }

  /** What it does of its own accord; `phase` (0…1) is its place within each period. */
  jobs(phase: number): { job: Job; firstMs: number }[] {
    return this.#dialect.routines.flatMap((routine) => {
      const { messages, periodMs, onChange } = routine;
      const periodic: Job = { periodMs, run: (now) => this.#say(messages, now) };
      const planned = [{ job: periodic, firstMs: phase * periodMs }];
      if (onChange === undefined) return planned;
      const check: Job = { periodMs: onChange.checkMs, run: (now) => this.#sayOnChange(routine, now) };
      return [...planned, { job: check, firstMs: phase * onChange.checkMs }];
    });
  }

  /** A message on one of its topics. @returns a job to add: a controller that is held wants to be watched. */
  receive(topic: string, payload: Uint8Array, now: Instant): Job | undefined {
    if (!this.#subject.isOnline()) return undefined;
    const { command, queries } = this.profile;
    if (command !== undefined && topic === expandTopic(command.topic, this)) return this.#obey(payload, now);
    const template = [...queries.values()].find((query) => expandTopic(query.topic, this) === topic)?.topic;
    if (template !== undefined) this.#answer(template, payload, now);
    return undefined;
  }

  #sayOnChange(routine: Routine, now: Instant): Promise<void> | undefined {
    const rule = routine.onChange;
    const values = this.#subject.isOnline() ? this.#subject.read(now) : undefined;
    if (values === undefined || rule === undefined) return undefined;
    const change = Math.abs(Number(values.powerW) - this.#saidPowerW);
    const threshold = Math.max(rule.absoluteW, rule.relative * Math.abs(this.#saidPowerW));
    return change >= threshold ? this.#say(routine.messages, now, values) : undefined;
  }

  #say(messages: readonly string[], now: Instant, known?: Values): Promise<void> | undefined {
    const values = known ?? (this.#subject.isOnline() ? this.#subject.read(now) : undefined);
    if (values === undefined) return undefined;
    if (messages.includes('em') || messages.includes('sensor')) this.#saidPowerW = Number(values.powerW);
    const sent = messages.map((name) => this.#send(name, values, now));
    return sent.length === 1 ? sent[0] : Promise.all(sent).then(() => {});
  }

  #send(name: string, meter: Values, now: Instant, extra: PayloadParameters = {}): Promise<void> {
    const message = this.profile.messages.get(name);
    if (message === undefined) throw new VenfleetError('MESSAGE_UNKNOWN', `${this.profile.id} has no message ${name}`);
    const values = this.#valuesFor(name, meter, now);
    const parameters = { ...parametersOf(this.#deviceId, this.topic, this.#subject.ownTime(now)), ...extra };
    return this.#publish({
      topic: expandTopic(message.topic, {
        topic: this.topic,
        ...(extra.client === undefined ? {} : { client: String(extra.client) }),
      }),
      payload: encodeMessage(this.profile, name, values, parameters),
      qos: message.qos,
      retain: message.retain,
    });
  }

  #valuesFor(name: string, meter: Values, now: Instant): Values {
    const importAt = (at: Instant) => Number(this.#subject.read(at).energyImportWh);
    const memory = () => this.#remembered();
    const values = this.#dialect.values?.(name, meter, { now, memory, importAt }) ?? meter;
    if (!this.profile.points.has('x-total-start-time')) return values;
    return { ...values, 'x-total-start-time': localTime(this.#subject.countsSince) };
  }

  #remembered(): DeviceMemory {
    const { at, energyWh } = this.#subject.start;
    this.#memory ??= newMemory(at, energyWh);
    return this.#memory;
  }

  #answer(template: string, payload: Uint8Array, now: Instant): void {
    let asked: ReturnType<typeof decodeQuery>;
    try {
      asked = decodeQuery(this.profile, template, payload);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      this.#logger.debug({ topic: this.topic, reason: error.message }, 'query not understood');
      return;
    }
    if (asked === undefined) return;
    this.#obeyQuery(asked.query);
    this.#post(this.#send(asked.query.answer, this.#subject.read(now), now, asked.parameters));
  }

  /** Tasmota's relay is switched by what its profile calls a query; it is an auxiliary contact here and leaves the load alone. */
  #obeyQuery(query: MqttQuery): void {
    if (query.name === 'power-on') this.#remembered().relay = 'ON';
    if (query.name === 'power-off') this.#remembered().relay = 'OFF';
  }

  /** Whatever becomes of the command, the state that it leaves behind is published. */
  #obey(payload: Uint8Array, now: Instant): Job | undefined {
    const outcome = decodeCommand(this.profile, payload);
    if (outcome.ok) {
      try {
        this.#subject.write(outcome.values, now);
      } catch (error) {
        if (!isVenfleetError(error, 'SIM_WRITE_REFUSED')) throw error;
        this.#logger.debug({ topic: this.topic, reason: error.message }, 'command refused');
      }
    } else this.#logger.debug({ topic: this.topic, reason: outcome.reason }, 'command refused');
    return this.stateChanged(now);
  }

  /** Publishes what it retains, the state of a controller, and watches it while a limit is in force. */
  stateChanged(now: Instant): Job | undefined {
    const messages = stateMessages(this.profile);
    if (messages.length === 0) return undefined;
    const values = this.#subject.read(now);
    this.#post(this.#say(messages, now, values));
    const watched = this.#watching;
    this.#watching ||= values.limitActive === true;
    if (this.#watching) this.#saidState = stateKey(values);
    if (watched || !this.#watching) return undefined;
    return { periodMs: WATCH_MS, run: (at) => this.#watch(at) };
  }

  #watch(now: Instant): Promise<void> | undefined | false {
    const values = this.#subject.read(now);
    const key = stateKey(values);
    const said =
      key === this.#saidState || !this.#subject.isOnline() ? undefined : this.#say(stateMessages(this.profile), now, values);
    this.#saidState = key;
    if (values.limitActive === true) return said;
    this.#watching = false;
    this.#saidState = '';
    this.#post(said);
    return false;
  }

  #post(sending: Promise<void> | undefined): void {
    sending?.catch((error: unknown) => this.#logger.warn({ topic: this.topic, reason: String(error) }, 'a publication failed'));
  }

  /** As a Shelly forms it: the model and the address of its network card. */
  get #deviceId(): string {
    return `${this.profile.id.replaceAll('-', '')}-${this.#subject.resourceId.slice(-12)}`;
  }
}

function stateMessages(profile: MqttProfile): string[] {
  return [...profile.messages.values()].filter((message) => message.retain).map((message) => message.name);
}

/** What makes a state worth telling: all but the seconds that run down. */
function stateKey({ limitTimeLeftS: _, ...values }: Values): string {
  return JSON.stringify(values);
}
