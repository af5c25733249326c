import type { Point } from './projection.js';

const DIRECTIONS: Readonly<Record<string, Point>> = {
  ArrowRight: { x: 1, y: 0 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowDown: { x: 0, y: 1 },
  ArrowUp: { x: 0, y: -1 },
};

/**
 * The place that an arrow key leads to: the nearest in that direction, where what lies aside counts as further away.
 * Undefined for another key, and at the edge.
 */
export function neighbourOf<T extends Point>(places: readonly T[], from: T, key: string): T | undefined {
  const direction = DIRECTIONS[key];
  if (direction === undefined) return undefined;
  let best: { place: T; distance: number } | undefined;
  for (const place of places) {
    const [dx, dy] = [place.x - from.x, place.y - from.y];
    const along = dx * direction.x + dy * direction.y;
    const aside = Math.abs(dx * direction.y) + Math.abs(dy * direction.x);
    if (along <= 0 || aside > 2 * along) continue;
    const distance = along + 2 * aside;
    if (best === undefined || distance < best.distance) best = { place, distance };
  }
  return best?.place;
}
