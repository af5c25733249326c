import type { VenSummary } from '@venfleet/console-api';
import { type Point, placeOnMap } from './projection.js';

/** A VEN as the map draws it. */
export interface Site extends Point {
  readonly id: string;
  readonly name: string;
  readonly resources: number;
  /** In the map's unit, at scale 1. */
  readonly radius: number;
}

const LEAST_RADIUS = 1.5;
const MOST_RADIUS = 11;

/**
 * Circles whose area is as the number of resources; the least ones stay large enough to be seen. The largest come first,
 * so that small ones are drawn above them.
 */
export function sitesOf(vens: readonly VenSummary[]): { readonly sites: readonly Site[]; readonly elsewhere: number } {
  const most = Math.max(1, ...vens.map(({ resources }) => resources));
  const sites = vens.flatMap(({ id, name, resources, position }): Site[] => {
    const point = position === null ? undefined : placeOnMap(position.longitude, position.latitude);
    if (point === undefined) return [];
    return [{ id, name, resources, ...point, radius: Math.max(LEAST_RADIUS, MOST_RADIUS * Math.sqrt(resources / most)) }];
  });
  sites.sort((a, b) => b.radius - a.radius || a.name.localeCompare(b.name));
  return { sites, elsewhere: vens.length - sites.length };
}
