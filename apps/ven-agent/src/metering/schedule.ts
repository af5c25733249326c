import { type Clock, type Duration, milliseconds, toSeconds } from '@venfleet/core';

/** Wake-ups are at least so far apart: a fleet has a thousand slots a second. */
const TICK = milliseconds(10);

/** The golden ratio's fraction: its multiples fall into the widest gap that the ones before left. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/**
 * Where in the interval each of `count` neighbours has its slots, as a fraction: any run of them is spread
 * evenly, so the meters of a gateway are, and the gateways among each other.
 */
export function phases(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i * GOLDEN) % 1);
}

/** So many items are begun with in each second: a first contact (probe, discovery) costs several times what a read does. */
const MET_EACH_SECOND = 1000;

/**
 * A schedule that is behind gives way after this share of its slots, or some: what was begun must be answered, and not in
 * one heap. A process whose turns take less than that share of the interval still begins all.
 */
const AT_ONCE = { share: 0.05, least: 50 };
/** One that is behind by this share of the interval lets slots go: the item's next one comes sooner than it would be done. */
const LATE = 0.5;

/** Time went by without the schedule, e.g. while the process was stopped: so many slots of each item are over. */
export interface Slots<T> {
  /** A slot begins; `due` is the monotonic time at which it should have. Must not throw. */
  begin(item: T, due: number): void;
  /** Slots that nobody could use. */
  missed(item: T, slots: number): void;
}

/**
 * Lets the slots of items with one interval begin, each at its own phase, until `signal` aborts. By the
 * monotonic clock: steps of the wall clock neither shorten nor repeat a slot. Of very many items only some have their
 * first slot in the first interval, others in the next ones.
 */
export async function runSchedule<T>(
  items: readonly T[],
  interval: Duration,
  slots: Slots<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  const fractions = phases(items.length);
  const rounds = Math.ceil(items.length / (MET_EACH_SECOND * toSeconds(interval)));
  // Places of items in the order of their phases.
  const ring = Uint32Array.from(items.keys()).sort((a, b) => (fractions[a] as number) - (fractions[b] as number));
  const origin = clock.monotonic();
  const atOnce = Math.max(AT_ONCE.least, Math.ceil(AT_ONCE.share * items.length));
  let begun = 0;
  for (let round = 0; !signal.aborted; round++) {
    const over = Math.floor((clock.monotonic() - origin) / interval) - round;
    if (over > 0) {
      round += over;
      for (const [i, place] of ring.entries()) {
        const first = i % rounds;
        if (round > first) slots.missed(items[place] as T, Math.min(over, round - first));
      }
    }
    for (const [i, place] of ring.entries()) {
      if (round < i % rounds) continue;
      const due = origin + (round + (fractions[place] as number)) * interval;
      const wait = due - clock.monotonic();
      if (wait > 0 || begun >= atOnce) {
        await clock.sleep(milliseconds(Math.max(wait, TICK)), signal).catch(() => {});
        begun = 0;
      }
      if (signal.aborted) return;
      if (clock.monotonic() - due >= LATE * interval) slots.missed(items[place] as T, 1);
      else {
        slots.begin(items[place] as T, due);
        begun++;
      }
    }
  }
}
