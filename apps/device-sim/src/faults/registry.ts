import {
  type Duration,
  type HasNow,
  type HasSleep,
  type Instant,
  isAbort,
  type Random,
  seconds,
  seededRandom,
  VenfleetError,
} from '@venfleet/core';
import { decideFrameFault, type FrameFault } from './frame-fault.js';
import { completeFaultSpec, type FaultKind, type FaultSpec } from './spec.js';

/** A fault that is in force. */
export interface Fault {
  /** 1, 2, … in the order in which faults were added. */
  readonly id: number;
  /** With all parameters of its kind. */
  readonly spec: FaultSpec;
  readonly since: Instant;
  /** undefined: until it is cleared. */
  readonly until: Instant | undefined;
}

/** What faults find a device by. */
export interface FaultSubject {
  readonly device: string;
  /** HOST:PORT of a Modbus gateway. */
  readonly gateway?: string | undefined;
  readonly city?: string | undefined;
}

/** What a device asks about its own faults; cheap to hold and, while no fault is set, nearly free to ask. */
export interface DeviceFaults {
  /** What happens to the next request; each call counts as one. */
  next(): FrameFault | undefined;
  /** The fault of this kind that is in force, the latest of several. */
  current(kind: FaultKind): Fault | undefined;
}

interface RegistryOptions {
  /** Whose seconds `durationS` counts. */
  readonly clock: HasNow & HasSleep;
  /** Chooses the devices of a percentage and all outcomes: the same seed gives the same faults. */
  readonly seed: string | number;
}

/** All faults of a simulator, for every transport. */
export class FaultRegistry {
  readonly #clock: HasNow & HasSleep;
  readonly #seed: string | number;
  readonly #faults = new Map<number, { readonly fault: Fault; readonly expiry: AbortController }>();
  readonly #listeners = new Set<() => void>();
  #lastId = 0;
  #version = 0;

  constructor({ clock, seed }: RegistryOptions) {
    this.#clock = clock;
    this.#seed = seed;
  }

  /**
   * Puts a fault in force at once, for its `durationS` or until it is cleared.
   * @throws VenfleetError FAULT_INVALID with every mistake.
   */
  add(spec: FaultSpec): Fault {
    const complete = completeFaultSpec(spec);
    const since = this.#clock.now();
    const duration = complete.durationS === undefined ? undefined : seconds(complete.durationS);
    const until = duration === undefined ? undefined : ((since + duration) as Instant);
    const fault: Fault = { id: ++this.#lastId, spec: complete, since, until };
    const expiry = new AbortController();
    this.#faults.set(fault.id, { fault, expiry });
    if (duration !== undefined) void this.#expire(fault.id, duration, expiry.signal);
    this.#changed();
    return fault;
  }

  /** In the order in which they were added. */
  list(): Fault[] {
    return [...this.#faults.values()].map(({ fault }) => fault);
  }

  /** @throws VenfleetError FAULT_UNKNOWN when there is none of this id, or no more. */
  clear(id: number): Fault {
    const entry = this.#faults.get(id);
    if (entry === undefined) {
      throw new VenfleetError('FAULT_UNKNOWN', `no fault ${id} is in force`, {
        context: { id },
        hint: 'list the faults that are; one with a duration ends by itself',
      });
    }
    this.#faults.delete(id);
    entry.expiry.abort();
    this.#changed();
    return entry.fault;
  }

  /** Ends all faults and says how many. */
  clearAll(): number {
    const count = this.#faults.size;
    for (const { expiry } of this.#faults.values()) expiry.abort();
    this.#faults.clear();
    if (count > 0) this.#changed();
    return count;
  }

  /** Whether a fault hits a device. */
  hits({ spec }: Fault, { device, gateway, city }: FaultSubject): boolean {
    if (spec.device !== undefined && spec.device !== device) return false;
    if (spec.gateway !== undefined && spec.gateway !== gateway) return false;
    if (spec.city !== undefined && spec.city !== city) return false;
    if (spec.percent === undefined) return true;
    // By kind and device alone: added again it hits the same devices, and 20 % hit those of 10 % too.
    return seededRandom(`${this.#seed}/fault/${spec.kind}/${device}`).next() * 100 < spec.percent;
  }

  /** A device's view of the registry. */
  of(subject: FaultSubject): DeviceFaults {
    return new SubjectFaults(this, subject);
  }

  /** Chance of one fault on one device. */
  randomOf({ id }: Fault, { device }: FaultSubject): Random {
    return seededRandom(`${this.#seed}/fault-outcome/${id}/${device}`);
  }

  /** Changes whenever a fault begins or ends; 0 until the first. */
  get version(): number {
    return this.#version;
  }

  get isEmpty(): boolean {
    return this.#faults.size === 0;
  }

  /** Calls `listener` whenever a fault has begun or ended, until the function that it gives is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #expire(id: number, duration: Duration, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(duration, signal);
    } catch (error) {
      if (isAbort(error)) return;
      throw error;
    }
    this.clear(id);
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }
}

interface OwnFault {
  readonly fault: Fault;
  readonly spec: FaultSpec;
  readonly random: Random;
}

/** Shared by all devices that nothing is wrong with. */
const NONE: readonly OwnFault[] = [];

class SubjectFaults implements DeviceFaults {
  readonly #registry: FaultRegistry;
  readonly #subject: FaultSubject;
  #own = NONE;
  #version = 0;

  constructor(registry: FaultRegistry, subject: FaultSubject) {
    this.#registry = registry;
    this.#subject = subject;
  }

  next(): FrameFault | undefined {
    if (this.#registry.isEmpty) return undefined;
    const own = this.#refreshed();
    return own.length === 0 ? undefined : decideFrameFault(own);
  }

  current(kind: FaultKind): Fault | undefined {
    if (this.#registry.isEmpty) return undefined;
    return this.#refreshed().findLast(({ spec }) => spec.kind === kind)?.fault;
  }

  #refreshed(): readonly OwnFault[] {
    const registry = this.#registry;
    if (this.#version !== registry.version) {
      const before = this.#own;
      this.#own = registry
        .list()
        .filter((fault) => registry.hits(fault, this.#subject))
        // One that goes on keeps its place in its chances.
        .map(
          (fault) =>
            before.find((o) => o.fault === fault) ?? { fault, spec: fault.spec, random: registry.randomOf(fault, this.#subject) },
        );
      this.#version = registry.version;
    }
    return this.#own;
  }
}
