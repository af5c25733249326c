import type { PlannedResource } from './model.js';
import type { PricePair, PriceSlot, SlotPlan } from './price-slots.js';

export interface BufferShift {
  readonly resource: PlannedResource;
  readonly slots: readonly PriceSlot[];
  /** What it would draw by itself, slot by slot, in W. */
  readonly loads: readonly number[];
  /** What is in its buffer now, in Wh. */
  readonly level: number;
  /** The moves that are worth it, best first. */
  readonly pairs: readonly PricePair[];
}

/** Less is not worth a command. */
const LEAST_WH = 1;

/**
 * Moves load between slots through a buffer: first what is missing in it is made up in the cheapest slots, then the
 * dearest slots are served from it and it is refilled in the cheapest, pair by pair, as long as that is worth it. The
 * buffer stays within its bounds all along and is at the end as full as can be.
 * @returns power and limit of each slot; undefined where nothing is moved
 */
export function shiftBuffer({ resource, slots, pairs, loads, level }: BufferShift): SlotPlan[] | undefined {
  const { pMin, pMax, eMin, eMax } = resource;
  const start = Math.min(eMax, Math.max(eMin, level));
  const moves = new Moves(slots, start);
  const roomAbove = (i: number) => (Math.max(0, pMax - (loads[i] as number)) - moves.power(i)) * (slots[i] as PriceSlot).length;
  const roomBelow = (i: number) => (Math.max(0, (loads[i] as number) - pMin) + moves.power(i)) * (slots[i] as PriceSlot).length;

  const cheapFirst = [...slots.keys()].sort((a, b) => priceOf(slots, a) - priceOf(slots, b) || a - b);
  for (const i of cheapFirst) moves.move(undefined, i, Math.min(roomAbove(i), eMax - moves.highestFrom(i)));
  for (const { from, to } of pairs) {
    const room = Math.min(roomBelow(from), roomAbove(to));
    if (room < LEAST_WH) continue;
    const bounded = from < to ? moves.lowestBetween(from, to) - eMin : eMax - moves.highestBetween(to, from);
    const energy = Math.min(room, bounded);
    if (energy >= LEAST_WH) moves.move(from, to, energy);
  }
  if (!moves.any) return undefined;
  return slots.map((_, i) => slotPlan(loads[i] as number, moves.power(i), pMax));
}

/** Between giving and taking the limit is the load itself, so that the buffer is not refilled before its time. */
function slotPlan(load: number, change: number, pMax: number): SlotPlan {
  const power = load + change;
  return { power, limit: power >= pMax ? undefined : power };
}

const priceOf = (slots: readonly PriceSlot[], i: number): number => (slots[i] as PriceSlot).price;

/** Changes of power by slot, and the level of the buffer that comes of them. */
class Moves {
  readonly #slots: readonly PriceSlot[];
  readonly #powers: number[];
  /** At the end of each slot. */
  readonly #levels: number[];
  any = false;

  constructor(slots: readonly PriceSlot[], start: number) {
    this.#slots = slots;
    this.#powers = slots.map(() => 0);
    this.#levels = slots.map(() => start);
  }

  power(i: number): number {
    return this.#powers[i] as number;
  }

  /** Takes energy out of the buffer in one slot, if any, and puts it back in another. */
  move(from: number | undefined, to: number, energy: number): void {
    if (energy <= 0) return;
    this.any = true;
    if (from !== undefined) this.#change(from, -energy);
    this.#change(to, energy);
  }

  #change(slot: number, energy: number): void {
    this.#powers[slot] = this.power(slot) + energy / (this.#slots[slot] as PriceSlot).length;
    for (let i = slot; i < this.#levels.length; i++) this.#levels[i] = (this.#levels[i] as number) + energy;
  }

  /** The lowest level from the end of one slot until another begins. */
  lowestBetween(first: number, last: number): number {
    return Math.min(...this.#levels.slice(first, last));
  }

  highestBetween(first: number, last: number): number {
    return Math.max(...this.#levels.slice(first, last));
  }

  highestFrom(first: number): number {
    return Math.max(...this.#levels.slice(first));
  }
}
