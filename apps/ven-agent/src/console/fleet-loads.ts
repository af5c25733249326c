import { setImmediate } from 'node:timers/promises';
import { SeriesRing } from '@venfleet/console-api/server';
import { type Clock, type Duration, type Instant, instant, minutes, seconds } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { Reading, ReadingSource } from '../readings/reading.js';

/** A value each ten seconds, as meters are read, and three hours of it. */
export const STEP: Duration = seconds(10);
export const STEPS = 1080;
/** A meter's value is of now until three of its intervals have passed without a newer one, and for half a minute in any case. */
const INTERVALS_HELD = 3;
const LEAST_HELD_MS = 30_000;
/** Of so many resources at least a sum has to be, to stand for the VEN. */
const MOST_OF_THEM = 0.9;
/** So many readings are gone through when the first one looks: hours of a VEN, minutes of a fleet. */
const MOST_LOOKED_BACK = 250_000;
/** Nobody has looked for so long: what is known is forgotten. */
const LINGER = minutes(5);

interface Latest {
  readonly power: number;
  readonly at: number;
}

/** What the resources of each VEN draw, followed while somebody looks; a reading costs nothing otherwise. */
export class FleetLoads {
  readonly #vens: ReadonlyMap<string, readonly Resource[]>;
  readonly #readings: ReadingSource;
  readonly #clock: Clock;
  #latest: Map<number, Latest> | undefined;
  #rings = new Map<string, SeriesRing>();
  #lastUsed = 0;
  #stopping = new AbortController();

  constructor(vens: ReadonlyMap<string, readonly Resource[]>, readings: ReadingSource, clock: Clock) {
    this.#vens = vens;
    this.#readings = readings;
    this.#clock = clock;
  }

  /** Begins to follow them, or goes on doing so. */
  look(): void {
    this.#lastUsed = this.#clock.monotonic();
    if (this.#latest !== undefined) return;
    const latest = new Map<number, Latest>();
    this.#latest = latest;
    for (const { id } of [...this.#vens.values()].flat()) {
      const reading = this.#readings.latest(id);
      if (reading !== undefined) note(latest, reading);
    }
    this.#rings = new Map([...this.#vens.keys()].map((ven) => [ven, new SeriesRing(STEP, STEPS)]));
    void this.#run(this.#stopping.signal);
  }

  close(): void {
    this.#stopping.abort(new DOMException('the console stops', 'AbortError'));
    this.#stopping = new AbortController();
    this.#latest = undefined;
    this.#rings = new Map();
  }

  /** Readings as they are kept. */
  observe(readings: readonly Reading[]): void {
    const latest = this.#latest;
    if (latest === undefined) return;
    for (const reading of readings) note(latest, reading);
  }

  /** What a resource draws; undefined where its last reading is too long ago. */
  of({ id, readInterval }: Resource): Latest | undefined {
    const latest = this.#latest?.get(id);
    return latest !== undefined && latest.at + heldMs(readInterval) >= this.#clock.now() ? latest : undefined;
  }

  /** The last reading, however old. */
  lastAt({ id }: { readonly id: number }): number | undefined {
    return this.#latest?.get(id)?.at;
  }

  /** What a VEN draws, and when the newest of its meters was read; undefined where too few of them tell. */
  ofVen(ven: string): Latest | undefined {
    const resources = this.#vens.get(ven) ?? [];
    let [power, at, count] = [0, 0, 0];
    for (const resource of resources) {
      const one = this.of(resource);
      if (one === undefined) continue;
      power += one.power;
      at = Math.max(at, one.at);
      count++;
    }
    return count > 0 && count >= MOST_OF_THEM * resources.length ? { power, at } : undefined;
  }

  ring(ven: string): SeriesRing {
    return this.#rings.get(ven) ?? new SeriesRing(STEP, STEPS);
  }

  /** Each step the sum of what is known then; what was before anybody looked is read meanwhile. */
  async #run(signal: AbortSignal): Promise<void> {
    try {
      void this.#lookBack(signal).catch(() => undefined);
      while (!signal.aborted) {
        for (const [ven, ring] of this.#rings) {
          const now = this.ofVen(ven);
          if (now !== undefined) ring.setLoad(ring.stepAt(this.#clock.now()), now.power);
        }
        if (this.#clock.monotonic() - this.#lastUsed > LINGER) this.close();
        await this.#clock.sleep(seconds(1), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #lookBack(signal: AbortSignal): Promise<void> {
    const resources = [...this.#vens.values()].reduce((sum, { length }) => sum + length, 0);
    const steps = Math.min(STEPS, Math.floor(MOST_LOOKED_BACK / Math.max(1, resources)));
    const now = this.#clock.now();
    for (const [ven, own] of this.#vens) {
      const ring = this.ring(ven);
      const sums = new StepSums(ring.stepAt(now) - steps, steps);
      for (const resource of own) {
        sums.add(this.#readings.around(resource.id, instant(now - steps * STEP), now), heldMs(resource.readInterval));
        await setImmediate();
        if (signal.aborted) return;
      }
      sums.into(ring, MOST_OF_THEM * own.length);
    }
  }
}

const heldMs = (interval: Duration): number => Math.max(LEAST_HELD_MS, INTERVALS_HELD * interval);

function note(latest: Map<number, Latest>, { resource, power, at }: Reading): void {
  if (power !== undefined && at >= (latest.get(resource)?.at ?? 0)) latest.set(resource, { power, at });
}

/** Sums of several time lines, a value each step. */
class StepSums {
  readonly #first: number;
  readonly #sums: Float64Array;
  readonly #counts: Uint32Array;

  constructor(first: number, steps: number) {
    this.#first = first;
    this.#sums = new Float64Array(steps);
    this.#counts = new Uint32Array(steps);
  }

  /** Each reading stands until the next, for as long as it is held. */
  add(readings: readonly Reading[], held: number): void {
    for (const [i, { power, at }] of readings.entries()) {
      if (power === undefined) continue;
      const until = Math.min(readings[i + 1]?.at ?? Number.POSITIVE_INFINITY, at + held);
      for (let step = Math.max(0, Math.ceil(at / STEP) - this.#first); step < this.#sums.length; step++) {
        if ((step + this.#first) * STEP >= until) break;
        this.#sums[step] = (this.#sums[step] as number) + power;
        this.#counts[step] = (this.#counts[step] as number) + 1;
      }
    }
  }

  /** What was followed live stays. @param least so many must have told */
  into(ring: SeriesRing, least: number): void {
    for (const [i, count] of this.#counts.entries()) {
      const step = this.#first + i;
      if (count >= least && count > 0 && Number.isNaN(ring.loadAt(step))) ring.setLoad(step, this.#sums[i] as number);
    }
  }
}

/** The load of one resource over the last hours, as it was read. */
export function resourceSeries(readings: ReadingSource, resource: number, to: Instant): SeriesRing {
  const ring = new SeriesRing(STEP, STEPS);
  for (const { power, at } of readings.around(resource, instant(to - STEP * STEPS), to)) {
    if (power !== undefined) ring.setLoad(ring.stepAt(at), power);
  }
  return ring;
}
