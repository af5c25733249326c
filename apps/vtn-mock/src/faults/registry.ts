import { type HasNow, type Instant, instant, type Random, seconds, seededRandom, VenfleetError } from '@venfleet/core';
import { checkFaultSpec, type FaultKind, type FaultObjects, type FaultOperation, type FaultSpec } from './spec.js';

/** A fault that is in force. */
export interface Fault {
  /** 1, 2, … in the order in which faults were added. */
  readonly id: number;
  readonly spec: FaultSpec;
  readonly since: Instant;
  /** undefined: until it is cleared, or has hit as often as it should. */
  readonly until: Instant | undefined;
  /** How often it has hit. */
  readonly hits: number;
  /** What it has to remember while it is in force. */
  readonly memory: Map<string, readonly string[]>;
}

/** What faults find a request or a notification by. */
export interface FaultSubject {
  readonly objects?: FaultObjects | undefined;
  readonly operation?: FaultOperation | undefined;
  readonly client?: string | undefined;
}

interface Entry {
  readonly fault: Omit<Fault, 'hits'>;
  readonly random: Random;
  hits: number;
}

interface RegistryOptions {
  readonly clock: HasNow;
  /** The same seed, faults and order of requests give the same outcome. */
  readonly seed: string | number;
}

/** The faults that people who test a VEN have switched on. */
export class FaultRegistry {
  readonly #clock: HasNow;
  readonly #seed: string | number;
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  constructor({ clock, seed }: RegistryOptions) {
    this.#clock = clock;
    this.#seed = seed;
  }

  /**
   * Puts a fault in force at once.
   * @throws VenfleetError FAULT_INVALID with every mistake
   */
  add(spec: unknown): Fault {
    const checked = checkFaultSpec(spec);
    const since = this.#clock.now();
    const until = checked.durationS === undefined ? undefined : instant(since + seconds(checked.durationS));
    const fault = { id: ++this.#lastId, spec: checked, since, until, memory: new Map<string, readonly string[]>() };
    this.#entries.set(fault.id, { fault, random: seededRandom(`${this.#seed}/fault/${fault.id}`), hits: 0 });
    return { ...fault, hits: 0 };
  }

  /** In the order in which they were added; those that are over are gone. */
  list(): Fault[] {
    this.#sweep();
    return [...this.#entries.values()].map(({ fault, hits }) => ({ ...fault, hits }));
  }

  /** @throws VenfleetError FAULT_UNKNOWN when none of this id is in force. */
  clear(id: number): Fault {
    this.#sweep();
    const entry = this.#entries.get(id);
    if (entry === undefined) {
      throw new VenfleetError('FAULT_UNKNOWN', `no fault ${id} is in force`, {
        context: { id },
        hint: 'list the faults that are; one with a duration or a count ends by itself',
      });
    }
    this.#entries.delete(id);
    return { ...entry.fault, hits: entry.hits };
  }

  /** Ends all faults and says how many. */
  clearAll(): number {
    this.#sweep();
    const count = this.#entries.size;
    this.#entries.clear();
    return count;
  }

  /** The faults of a kind that hit this subject now, each of which counts it. */
  hitting(kind: FaultKind, subject: FaultSubject): Fault[] {
    if (this.#entries.size === 0) return [];
    this.#sweep();
    const hitting: Fault[] = [];
    for (const entry of this.#entries.values()) {
      const { spec } = entry.fault;
      if (spec.kind !== kind || !fits(spec, subject)) continue;
      if (spec.chance !== undefined && entry.random.next() >= spec.chance) continue;
      entry.hits++;
      hitting.push({ ...entry.fault, hits: entry.hits });
    }
    return hitting;
  }

  /** Chance of what a fault does, apart from whether it does it. */
  randomOf({ id, hits }: Fault): Random {
    return seededRandom(`${this.#seed}/fault-outcome/${id}/${hits}`);
  }

  /** Forgets what is over: no timer waits for it. */
  #sweep(): void {
    const now = this.#clock.now();
    for (const [id, { fault, hits }] of this.#entries) {
      const spent = fault.spec.count !== undefined && hits >= fault.spec.count;
      if (spent || (fault.until !== undefined && now >= fault.until)) this.#entries.delete(id);
    }
  }
}

function fits(spec: FaultSpec, subject: FaultSubject): boolean {
  return (['objects', 'operation', 'client'] as const).every((key) => spec[key] === undefined || spec[key] === subject[key]);
}
