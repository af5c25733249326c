/** One resource that takes part in a division; all in W. */
export interface Share {
  /** What it would draw by itself. */
  readonly load: number;
  /** What it draws by itself at present; more than it is allowed where that holds it. */
  readonly present: number;
  /** The least that it may be held to, at most its load or its upper bound. */
  readonly floor: number;
  /** The most that it can draw. */
  readonly most: number;
  /** What it is held to already. */
  readonly upper: number;
}

/** How a sum is counted: by what is allowed, which it can then never exceed; or by what will be drawn. */
export type Counting = 'allowed' | 'drawn';

/** Halvings of the level: as fine as numbers are. */
const STEPS = 53;

/**
 * Divides `room` over resources by one level for all, as water fills vessels: at level s of 0…1 each gives the part s of
 * its flexibility, which is its load less its floor; at −1…0 each may take the part −s of what it could draw more. Bounds
 * that hold a resource already stay; what it cannot take the others do.
 * @returns the level; 1 where the floors alone are more than the room, −1 where it is enough for all
 */
export function levelFor(shares: readonly Share[], room: number, counting: Counting): number {
  const sumAt = (level: number): number => {
    let sum = 0;
    for (const share of shares) {
      const allowed = allowedAt(share, level);
      sum += counting === 'allowed' ? allowed : Math.min(allowed, share.present);
    }
    return sum;
  };
  if (sumAt(-1) <= room) return -1;
  let [low, high] = [-1, 1];
  for (let i = 0; i < STEPS; i++) {
    const middle = (low + high) / 2;
    if (sumAt(middle) > room) low = middle;
    else high = middle;
  }
  // The side on which the sum is not above the room.
  return high;
}

/** What a resource is allowed at a level. */
export function allowedAt({ load, floor, most, upper }: Share, level: number): number {
  const wanted = level >= 0 ? load - level * (load - floor) : load - level * (most - load);
  return Math.min(upper, Math.max(floor, wanted));
}
