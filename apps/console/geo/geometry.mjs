/**
 * The coasts that the map draws, from Natural Earth (public domain, naturalearthdata.com) at 1:10 million, as world-atlas
 * packs them. What the page carries is made of it by generate.mjs and committed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { feature } from 'topojson-client';

/** Degrees, with a margin around what is shown: beyond it coasts are cut off. */
const FRAME = { west: 6.5, south: 54, east: 16, north: 58.5 };
const COUNTRIES = { denmark: ['Denmark'], neighbours: ['Germany', 'Norway', 'Sweden'] };
/** Thousandths of a degree, some 60 m: the source is no finer. */
const PRECISION = 1000;

/** @returns {Record<'denmark' | 'neighbours', number[][]>} rings as first point and steps, in thousandths of a degree, longitude first */
export function readGeometry() {
  const path = createRequire(import.meta.url).resolve('world-atlas/countries-10m.json');
  const topology = JSON.parse(readFileSync(path, 'utf8'));
  const countries = feature(topology, topology.objects.countries).features;
  const ringsOf = (names) =>
    countries
      .filter(({ properties }) => names.includes(properties.name))
      .flatMap(({ geometry }) => (geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates))
      .flatMap((polygon) => polygon.map(cut))
      .filter((ring) => ring.length > 3)
      .map(steps);
  return Object.fromEntries(Object.entries(COUNTRIES).map(([key, names]) => [key, ringsOf(names)]));
}

/** Points beyond the frame are pulled onto it, where nobody sees them; of those along an edge only the ends stay. */
function cut(ring) {
  const within = (value, least, most) => Math.round(Math.min(most, Math.max(least, value)) * PRECISION);
  const points = ring.map(([lon, lat]) => [within(lon, FRAME.west, FRAME.east), within(lat, FRAME.south, FRAME.north)]);
  const kept = points.filter((point, i) => {
    const [before, after] = [points[i - 1], points[i + 1]];
    if (before === undefined || after === undefined) return true;
    const isInLine = (axis) => point[axis] === before[axis] && point[axis] === after[axis];
    return String(point) !== String(before) && !(edgesOf(point).x && isInLine(0)) && !(edgesOf(point).y && isInLine(1));
  });
  return kept.every((point) => edgesOf(point).x || edgesOf(point).y) ? [] : kept;
}

function edgesOf([x, y]) {
  const is = (value, ...edges) => edges.some((edge) => value === edge * PRECISION);
  return { x: is(x, FRAME.west, FRAME.east), y: is(y, FRAME.south, FRAME.north) };
}

function steps(ring) {
  return ring.flatMap(([x, y], i) => (i === 0 ? [x, y] : [x - ring[i - 1][0], y - ring[i - 1][1]]));
}

/** The module that the page imports. */
export function geometryModule() {
  const { denmark, neighbours } = readGeometry();
  const rings = (list) => list.map((ring) => `  [${ring.join(',')}],`).join('\n');
  return `/**
 * Made by \`node apps/console/geo/generate.mjs\`: do not edit. Coasts of Natural Earth (public domain), by world-atlas.
 * A ring is its first point and the steps from there, in thousandths of a degree, longitude first.
 */
export const DENMARK: readonly (readonly number[])[] = [
${rings(denmark)}
];

export const NEIGHBOURS: readonly (readonly number[])[] = [
${rings(neighbours)}
];
`;
}
