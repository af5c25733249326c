import type { PriceSlot, SlotPlan } from './price-slots.js';

export interface ChargingShift {
  /** Until the vehicle leaves. */
  readonly slots: readonly PriceSlot[];
  /** What it is to be given, in Wh. */
  readonly wanted: number;
  /** What it charges with all the time, in W: 0 where it may pause. */
  readonly least: number;
  readonly most: number;
  /** Below this no vehicle charges. */
  readonly lowest: number;
}

/**
 * Charges a vehicle in the cheapest slots before it leaves.
 * @returns power and limit of each slot, and what it would draw if it began at once; undefined where there is no time to
 *   move anything
 */
export function shiftCharging(shift: ChargingShift): { slots: SlotPlan[]; unshifted: number[] } | undefined {
  const { slots, wanted, least, most } = shift;
  const inTime = slots.reduce((sum, { length }) => sum + most * length, 0);
  if (wanted <= 0 || inTime <= wanted) return undefined;
  const powers = slots.map(() => 0);
  let left = wanted;
  // The least that it is always given counts first, in the order of time, until it has what it wants.
  for (const [i, { length }] of slots.entries()) {
    powers[i] = Math.min(least, left / length);
    left -= (powers[i] as number) * length;
  }
  const cheapFirst = [...slots.keys()].sort((a, b) => (slots[a] as PriceSlot).price - (slots[b] as PriceSlot).price || a - b);
  for (const i of cheapFirst) {
    const { length } = slots[i] as PriceSlot;
    const more = Math.min(most - (powers[i] as number), left / length);
    if (more <= 0) continue;
    powers[i] = (powers[i] as number) + more;
    left -= more * length;
  }
  return { slots: powers.map((power) => slotPlan(power, shift)), unshifted: atOnce(shift) };
}

/** A vehicle takes what it is allowed until it has enough: so little that none charges is allowed as the lowest. */
function slotPlan(power: number, { least, most, lowest }: ChargingShift): SlotPlan {
  if (power >= most) return { power };
  return { power, limit: power === 0 ? least : Math.min(most, Math.max(power, lowest)) };
}

function atOnce({ slots, wanted, most }: ChargingShift): number[] {
  let left = wanted;
  return slots.map(({ length }) => {
    const power = Math.min(most, left / length);
    left -= power * length;
    return power;
  });
}
