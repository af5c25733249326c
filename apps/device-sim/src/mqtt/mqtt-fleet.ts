import {
  type Clock,
  type Duration,
  describeError,
  isVenfleetError,
  type Logger,
  milliseconds,
  seconds,
  seededRandom,
} from '@venfleet/core';
import type { MqttProfile } from '@venfleet/devices';
import type { DeviceFaults, FaultRegistry } from '../faults/registry.js';
import type { MqttLink, Publication } from './link.js';
import { MqttDevice, type MqttSubject } from './mqtt-device.js';
import { Schedule } from './schedule.js';

/** A device to be: what it is, where it is, what it shows, and what can go wrong with it. */
export interface MqttPlace {
  readonly profile: MqttProfile;
  /** Its base topic. */
  readonly topic: string;
  readonly subject: MqttSubject;
  readonly faults: DeviceFaults;
}

interface Member {
  readonly device: MqttDevice;
  readonly faults: DeviceFaults;
}

export interface MqttFleetOptions {
  readonly places: readonly MqttPlace[];
  readonly link: MqttLink;
  readonly registry: FaultRegistry;
  /** Simulated time, by which devices publish. */
  readonly clock: Clock;
  /** Real time, which stopping must not exceed. */
  readonly realClock: Clock;
  readonly seed: string | number;
  readonly logger: Logger;
}

/** Farewells that may be on their way at once. */
const IN_FLIGHT = 64;
/** A broker that takes longer than that for the farewells does not get them all. */
const FAREWELL = seconds(2);

/** All MQTT devices on one link: publishes for them, each at its own moment, and hands them what comes. */
export class MqttFleet {
  readonly counters = { published: 0, received: 0, failed: 0 };
  /** Without the places: the members have what they say. */
  readonly #options: Omit<MqttFleetOptions, 'places'>;
  readonly #schedule: Schedule;
  readonly #members: readonly Member[];
  readonly #byTopic = new Map<string, Member>();
  readonly #offline = new Set<Member>();
  #unwatch: () => void = () => {};
  readonly #stopping = new AbortController();

  constructor({ places, ...options }: MqttFleetOptions) {
    this.#options = options;
    this.#schedule = new Schedule(options.clock, options.logger);
    this.#members = places.map((place) => ({
      device: new MqttDevice({ ...place, publish: this.#publisherOf(place.faults), logger: options.logger }),
      faults: place.faults,
    }));
  }

  get connected(): boolean {
    return this.#options.link.connected;
  }

  get clients(): number | undefined {
    return this.#options.link.clients;
  }

  /** @throws VenfleetError as the link's start */
  async start(): Promise<void> {
    const { link, registry, clock, seed } = this.#options;
    for (const member of this.#members) for (const topic of member.device.topics) this.#byTopic.set(topic, member);
    await link.start([...this.#byTopic.keys()], (topic, payload) => this.#receive(topic, payload));
    await this.#each((member) => this.#announce(member, true));
    for (const { device } of this.#members) {
      // Each device has its own beat, so the fleet's publications spread over the period.
      const phase = seededRandom(`${seed}/mqtt-phase/${device.topic}`).next();
      for (const { job, firstMs } of device.jobs(phase)) this.#schedule.add(job, firstMs);
      device.stateChanged(clock.now());
    }
    this.#unwatch = registry.onChange(() => void this.#followFaults());
    this.#schedule.start();
  }

  /** Says offline for every device, then leaves. */
  async stop(): Promise<void> {
    const { link, realClock } = this.#options;
    this.#stopping.abort();
    this.#unwatch();
    await this.#schedule.stop();
    if (link.connected) {
      const patience = new AbortController();
      const farewell = this.#each((member) => (this.#offline.has(member) ? undefined : this.#announce(member, false)));
      const enough = realClock.sleep(FAREWELL, patience.signal).catch(() => {});
      await Promise.race([farewell, enough]);
      patience.abort();
    }
    await link.stop();
  }

  /** How a member publishes: through its faults. A frame fault of Modbus does to a message what it can. */
  #publisherOf(faults: DeviceFaults): (publication: Publication) => Promise<void> {
    return async (publication) => {
      const fault = faults.next();
      if (fault === undefined) return this.#publish(publication);
      if (fault.outcome !== 'answer') return;
      if (fault.delayMs > 0 && !(await this.#wait(milliseconds(fault.delayMs)))) return;
      const { payload, ...rest } = publication;
      await this.#publish(
        fault.junk === undefined ? publication : { ...rest, payload: Buffer.concat([fault.junk, Buffer.from(payload)]) },
      );
    };
  }

  /** @returns false when the fleet was stopped meanwhile. */
  #wait(duration: Duration): Promise<boolean> {
    const { signal } = this.#stopping;
    return this.#options.clock.sleep(duration, signal).then(
      () => true,
      () => false,
    );
  }

  /** The controller of a resource was written past its topic: it tells what that made of it. */
  stateChanged(resourceId: string): void {
    for (const { device } of this.#members) {
      if (device.resourceId !== resourceId) continue;
      const job = device.stateChanged(this.#options.clock.now());
      if (job !== undefined) this.#schedule.add(job, job.periodMs);
    }
  }

  async #publish(publication: Publication): Promise<void> {
    this.counters.published++;
    try {
      await this.#options.link.publish(publication);
    } catch (error) {
      this.counters.failed++;
      throw error;
    }
  }

  #receive(topic: string, payload: Uint8Array): void {
    const member = this.#byTopic.get(topic);
    if (member === undefined || this.#stopping.signal.aborted) return;
    this.counters.received++;
    try {
      const job = member.device.receive(topic, payload, this.#options.clock.now());
      if (job !== undefined) this.#schedule.add(job, job.periodMs);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      this.#options.logger.debug({ topic, reason: error.message }, 'message not understood');
    }
  }

  /** A device that goes offline leaves its last will, unless its fault is to go without. */
  async #followFaults(): Promise<void> {
    await this.#each((member) => {
      const fault = member.faults.current('offline');
      if ((fault !== undefined) === this.#offline.has(member)) return undefined;
      if (fault === undefined) {
        this.#offline.delete(member);
        return this.#announce(member, true);
      }
      this.#offline.add(member);
      return fault.spec.lastWill === true ? this.#announce(member, false) : undefined;
    });
  }

  /** Past its faults: the broker says it for a device that cannot. */
  #announce({ device }: Member, online: boolean): Promise<void> {
    return this.#publish(device.availability(online));
  }

  async #each(act: (member: Member) => Promise<void> | undefined): Promise<void> {
    const flying = new Set<Promise<void>>();
    for (const member of this.#members) {
      const flight: Promise<void> | undefined = act(member)
        ?.catch((error: unknown) => this.#options.logger.warn({ reason: describeError(error) }, 'a publication failed'))
        .finally(() => flight !== undefined && flying.delete(flight));
      if (flight === undefined) continue;
      flying.add(flight);
      if (flying.size >= IN_FLIGHT) await Promise.race(flying);
    }
    await Promise.all(flying);
  }
}
