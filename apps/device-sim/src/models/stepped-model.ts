import { type Instant, VenfleetError } from '@venfleet/core';
import { HOUR_MS } from './calendar.js';
import type { ThreePhase } from './electricity.js';
import type { ChargerValues, ControlWrite, FlexValues, MeterValues, SiteModel } from './model.js';
import type { World } from './world.js';

/** How long a limit holds that came without a time of its own. */
export const DEFAULT_VALID_FOR_S = 60;

/** Of a meter that begins to count with the simulation. */
export const NOTHING_COUNTED: ThreePhase = [0, 0, 0];

/**
 * Runs a site along the grid of simulated time. Power is held constant over a segment; segments meet at
 * the grid's points, at events (an expiry, an arrival) and at control writes, never at reads. Energy up
 * to any moment is therefore exact, and reads leave no trace.
 */
export abstract class SteppedModel<Control extends FlexValues | ChargerValues> implements SiteModel {
  protected readonly world: World;
  /** What the meter had counted on each phase before the simulation began, in Wh. */
  protected readonly before: ThreePhase;
  /** Start of the running segment, epoch ms. */
  protected heldSince: number;
  /** End of the running cell of the grid: the running segment ends here at the latest. */
  protected cellEnd: number;
  /** The latest instant that somebody named. */
  #now: number;

  constructor(world: World, before: ThreePhase) {
    this.world = world;
    this.before = before;
    this.heldSince = world.start;
    this.cellEnd = (Math.floor(world.start / world.step) + 1) * world.step;
    this.#now = world.start;
  }

  advanceTo(at: Instant): void {
    if (at <= this.#now) return;
    for (let next = this.#segmentEnd(); next <= at; next = this.#segmentEnd()) this.#beginSegment(next);
    this.#now = at;
  }

  readMeter(at: Instant): MeterValues {
    this.advanceTo(at);
    return this.meter((this.#now - this.heldSince) / HOUR_MS);
  }

  counted(at: Instant, aheadMs: number): ThreePhase {
    const { energyImportL1Wh, energyImportL2Wh, energyImportL3Wh } = this.readMeter(at);
    const hours = aheadMs / HOUR_MS;
    const [most1, most2, most3] = this.mostPowers();
    return [energyImportL1Wh + most1 * hours, energyImportL2Wh + most2 * hours, energyImportL3Wh + most3 * hours];
  }

  readControl(at: Instant): Control {
    this.advanceTo(at);
    return this.control(this.#now);
  }

  writeControl(write: ControlWrite, at: Instant): void {
    refuse(this.mistakesIn(write));
    this.advanceTo(at);
    this.apply(write, this.#now);
    this.#beginSegment(this.#now);
  }

  /** Books `hours` of the running segment. */
  protected abstract settle(hours: number): void;
  /** Decides what is held from `heldSince` on; the segment before it was `elapsedMs` long. */
  protected abstract decide(elapsedMs: number): void;
  /** When something happens that does not wait for the grid, after `heldSince`; Infinity for never. */
  protected abstract nextEvent(): number;
  /** The meter, `hours` into the running segment. */
  protected abstract meter(hours: number): MeterValues;
  protected abstract control(now: number): Control;
  /** What no phase ever exceeds, in W. */
  protected abstract mostPowers(): ThreePhase;
  /** Why `write` is refused, one line each. */
  protected abstract mistakesIn(write: ControlWrite): string[];
  protected abstract apply(write: ControlWrite, now: number): void;

  #segmentEnd(): number {
    return Math.min(this.cellEnd, this.nextEvent());
  }

  #beginSegment(at: number): void {
    const elapsedMs = at - this.heldSince;
    this.settle(elapsedMs / HOUR_MS);
    this.heldSince = at;
    if (at >= this.cellEnd) this.cellEnd += this.world.step;
    this.decide(elapsedMs);
  }
}

function refuse(mistakes: readonly string[]): void {
  if (mistakes.length === 0) return;
  throw new VenfleetError('SIM_WRITE_REFUSED', `the controller refuses the write: ${mistakes.join('; ')}`, {
    details: mistakes,
    hint: 'Write values that the controller has, within their ranges; nothing was changed.',
  });
}

/** Seconds from `now` until `expiresAt`, rounded up; 0 when that is over. */
export function secondsLeft(expiresAt: number, now: number): number {
  return Math.max(0, Math.ceil((expiresAt - now) / 1000));
}

/** Mistakes common to all controllers: names that are not `own`, numbers that are none or negative, a valid time out of range. */
export function commonMistakes(
  write: ControlWrite,
  own: readonly (keyof ControlWrite)[],
  { min, max }: { readonly min: number; readonly max: number },
): string[] {
  const mistakes: string[] = [];
  for (const [name, value] of Object.entries(write)) {
    if (value === undefined) continue;
    if (!own.some((known) => known === name)) mistakes.push(`${name} is not a value of this controller`);
    else if (typeof value === 'number' && !(Number.isFinite(value) && value >= 0))
      mistakes.push(`${name} must be 0 or more, not ${value}`);
    else if (name === 'limitValidForS' && !(Number(value) >= min && Number(value) <= max))
      mistakes.push(`limitValidForS must be ${min}…${max}, not ${value}`);
  }
  return mistakes;
}
