import { type Box, MAINLAND, type Point } from './projection.js';

/** What shows of the map: how much it is enlarged, and the point at its north-western corner. */
export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export const WHOLE: View = { scale: 1, x: MAINLAND.x, y: MAINLAND.y };
export const MOST_SCALE = 12;

/** Enlarged by `factor`, while the point `at` stays where it is. */
export function zoomed(view: View, factor: number, at: Point, map: Box): View {
  const scale = Math.min(MOST_SCALE, Math.max(1, view.scale * factor));
  const k = 1 / view.scale - 1 / scale;
  // How far `at` is from the corner, in parts of what shows.
  const [fx, fy] = [(at.x - view.x) * view.scale, (at.y - view.y) * view.scale];
  return within({ scale, x: view.x + fx * k, y: view.y + fy * k }, map);
}

export function moved(view: View, dx: number, dy: number, map: Box): View {
  return within({ ...view, x: view.x + dx, y: view.y + dy }, map);
}

/** With a point in the middle; no further than the map's edges. */
export function centred(view: View, at: Point, map: Box): View {
  const [width, height] = [map.width / view.scale, map.height / view.scale];
  return within({ ...view, x: at.x - width / 2, y: at.y - height / 2 }, map);
}

function within(view: View, map: Box): View {
  const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most);
  const { scale } = view;
  return {
    scale,
    x: clamp(view.x, map.x, map.x + map.width * (1 - 1 / scale)),
    y: clamp(view.y, map.y, map.y + map.height * (1 - 1 / scale)),
  };
}

export function viewBox({ scale, x, y }: View, map: Box): string {
  const round = (value: number) => Number(value.toFixed(3));
  return [x, y, map.width / scale, map.height / scale].map(round).join(' ');
}

/**
 * Marks grow more slowly than the map does, so that those which hid each other come apart.
 * @param small how much larger things must be on a map that is drawn small, see {@link smallness}
 */
export function markScale({ scale }: View, small = 1): number {
  return scale ** -0.62 * Math.sqrt(small);
}

/** Names hardly grow at all: there is room for more of them instead. */
export function labelScale({ scale }: View, small = 1): number {
  return scale ** -0.9 * small;
}

/** Pixels to the map's unit from which on nothing need be enlarged to be read. */
const EASY = 1.9;

/** How much larger names must be on a screen that has so few pixels to the map's unit. */
export function smallness(pixelsPerUnit: number): number {
  return Math.min(1.8, Math.max(1, EASY / pixelsPerUnit));
}
