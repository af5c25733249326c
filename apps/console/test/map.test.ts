import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { geometryModule } from '../geo/geometry.mjs';
import { DENMARK } from '../src/map/coasts.js';
import { labelsOf } from '../src/map/labels.js';
import { neighbourOf } from '../src/map/neighbours.js';
import { INSET, MAINLAND, pathOf, placeOnMap, project } from '../src/map/projection.js';
import { sitesOf } from '../src/map/sites.js';
import {
  centred,
  labelScale,
  MOST_SCALE,
  markScale,
  moved,
  smallness,
  type View,
  viewBox,
  WHOLE,
  zoomed,
} from '../src/map/zoom.js';
import { ven } from './support.js';

const CITIES = {
  Copenhagen: [12.568, 55.676],
  Aarhus: [10.211, 56.157],
  Skagen: [10.583, 57.72],
  Gedser: [11.926, 54.573],
  Esbjerg: [8.451, 55.467],
  Rønne: [14.706, 55.101],
} as const;
const place = (city: keyof typeof CITIES) => placeOnMap(CITIES[city][0], CITIES[city][1]);

describe('the map', () => {
  test('has every corner of Denmark on it', () => {
    for (const city of Object.keys(CITIES) as (keyof typeof CITIES)[])
      expect([city, place(city)]).toEqual([city, expect.anything()]);
  });

  test('draws north above south, and west left of east, at a kilometre a unit', () => {
    const [north, south, west, east] = (['Skagen', 'Gedser', 'Esbjerg', 'Copenhagen'] as const).map((city) => place(city));
    expect(Number(north?.y)).toBeLessThan(Number(south?.y));
    expect(Number(west?.x)).toBeLessThan(Number(east?.x));
    const [a, b] = [project(...CITIES.Aarhus), project(...CITIES.Copenhagen)];
    // As the crow flies it is 156 km.
    expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(153);
    expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeLessThan(159);
  });

  test('draws Bornholm within its inset', () => {
    const at = place('Rønne');
    expect(at?.x).toBeGreaterThan(INSET.x);
    expect(at?.x).toBeLessThan(INSET.x + INSET.width);
    expect(at?.y).toBeGreaterThan(INSET.y);
    expect(at?.y).toBeLessThan(INSET.y + INSET.height);
  });

  test('has no place for what lies elsewhere', () => {
    expect(placeOnMap(2.35, 48.86)).toBeUndefined();
    expect(placeOnMap(0, 0)).toBeUndefined();
  });

  test('draws a ring as one closed line', () => {
    const [ring] = DENMARK;
    const path = pathOf([ring ?? []]);
    expect(path.match(/M/g)).toHaveLength(1);
    expect(path.endsWith('Z')).toBe(true);
    expect(path.split('L')).toHaveLength((ring?.length ?? 0) / 2);
  });

  test('has the coasts of Natural Earth, as the generator makes them', () => {
    const committed = readFileSync(join(import.meta.dirname, '../src/map/coasts.ts'), 'utf8');
    expect(geometryModule()).toBe(committed);
  });
});

describe('circles', () => {
  const at = (longitude: number, latitude: number) => ({ position: { longitude, latitude } });

  test('have areas as the numbers of resources, the largest first', () => {
    const { sites } = sitesOf([ven('small', { resources: 150, ...at(10, 56) }), ven('big', { resources: 600, ...at(9, 56) })]);
    expect(sites.map(({ name }) => name)).toEqual(['big', 'small']);
    expect((Number(sites[0]?.radius) / Number(sites[1]?.radius)) ** 2).toBeCloseTo(4);
  });

  test('stay large enough to be seen', () => {
    const { sites } = sitesOf([ven('none', { resources: 0, ...at(10, 56) }), ven('big', { resources: 600, ...at(9, 56) })]);
    expect(sites[1]?.radius).toBeGreaterThan(1);
  });

  test('are not there for VENs without a place on the map, which are counted', () => {
    const { sites, elsewhere } = sitesOf([ven('nowhere'), ven('Paris', at(2.35, 48.86)), ven('Vejle', at(9.5, 55.7))]);
    expect([sites.length, elsewhere]).toEqual([1, 2]);
  });

  test('are found by arrow keys: the nearest in that direction', () => {
    const [from, right, farRight, below] = [
      { x: 0, y: 0 },
      { x: 5, y: 1 },
      { x: 9, y: 0 },
      { x: 1, y: 6 },
    ];
    const places = [from, right, farRight, below];
    expect(neighbourOf(places, from, 'ArrowRight')).toBe(right);
    expect(neighbourOf(places, right, 'ArrowRight')).toBe(farRight);
    expect(neighbourOf(places, from, 'ArrowDown')).toBe(below);
    expect(neighbourOf(places, from, 'ArrowUp')).toBeUndefined();
    expect(neighbourOf(places, from, 'Enter')).toBeUndefined();
  });
});

describe('labels', () => {
  const vens = ['Aalborg', 'Aarhus', 'Herning', 'Skive'].map((name, i) =>
    ven(name, { resources: 600 - 190 * i, position: { longitude: 8.5 + i, latitude: 56 + 0.3 * i } }),
  );

  test('name the large circles, and more of them when the map is enlarged', () => {
    const { sites } = sitesOf(vens);
    const whole = labelsOf(sites, WHOLE).map(({ text }) => text);
    expect(whole).toContain('Aalborg');
    expect(whole).not.toContain('Skive');
    expect(labelsOf(sites, { ...WHOLE, scale: 6 }).map(({ text }) => text)).toContain('Skive');
  });

  test('never lie upon each other', () => {
    const coordinate = (least: number, most: number) => fc.double({ min: least, max: most, noNaN: true });
    const city = fc.record({
      name: fc.string({ minLength: 3, maxLength: 14 }),
      resources: fc.integer({ min: 1, max: 700 }),
      longitude: coordinate(8.2, 12.5),
      latitude: coordinate(54.8, 57.5),
    });
    fc.assert(
      fc.property(fc.array(city, { maxLength: 40 }), coordinate(1, MOST_SCALE), (cities, scale) => {
        const { sites } = sitesOf(
          cities.map(({ name, resources, longitude, latitude }, i) =>
            ven(name, { id: `${i}`, resources, position: { longitude, latitude } }),
          ),
        );
        const labels = labelsOf(sites, { ...WHOLE, scale });
        const k = labelScale({ ...WHOLE, scale });
        const areas = labels.map(({ x, y, text, anchor }) => {
          const width = text.length * 0.56 * 6.4 * k;
          return { left: anchor === 'start' ? x : x - width, width, y };
        });
        for (const [i, a] of areas.entries()) {
          for (const b of areas.slice(i + 1)) {
            const aside = a.left >= b.left + b.width - 1e-6 || b.left >= a.left + a.width - 1e-6;
            expect(aside || Math.abs(a.y - b.y) >= 6.4 * k - 1e-6).toBe(true);
          }
        }
      }),
    );
  });
});

describe('zooming', () => {
  const where = (view: View, x: number, y: number) => [(x - view.x) * view.scale, (y - view.y) * view.scale];

  test('keeps the point under the pointer where it is', () => {
    const at = { x: 150, y: 200 };
    const before = zoomed(WHOLE, 2, at, MAINLAND);
    const after = zoomed(before, 1.7, at, MAINLAND);
    expect(after.scale).toBeCloseTo(3.4);
    for (const [i, value] of where(after, at.x, at.y).entries())
      expect(value).toBeCloseTo(where(before, at.x, at.y)[i] as number);
  });

  test('never shows what lies beyond the map', () => {
    const step = fc.record({
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      x: fc.double({ min: -500, max: 500, noNaN: true }),
      y: fc.double({ min: -500, max: 500, noNaN: true }),
      isMove: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let view = WHOLE;
        for (const { factor, x, y, isMove } of steps) {
          view = isMove ? moved(view, x, y, MAINLAND) : zoomed(view, factor, { x, y }, MAINLAND);
          expect(view.scale).toBeGreaterThanOrEqual(1);
          expect(view.scale).toBeLessThanOrEqual(MOST_SCALE);
          expect(view.x).toBeGreaterThanOrEqual(MAINLAND.x - 1e-9);
          expect(view.x + MAINLAND.width / view.scale).toBeLessThanOrEqual(MAINLAND.x + MAINLAND.width + 1e-9);
          expect(view.y).toBeGreaterThanOrEqual(MAINLAND.y - 1e-9);
          expect(view.y + MAINLAND.height / view.scale).toBeLessThanOrEqual(MAINLAND.y + MAINLAND.height + 1e-9);
        }
      }),
    );
  });

  test('puts a place in the middle where the edges allow it', () => {
    const view = centred({ scale: 4, x: 0, y: 0 }, { x: 150, y: 200 }, MAINLAND);
    expect(viewBox(view, MAINLAND)).toBe(
      `${150 - MAINLAND.width / 8} ${200 - MAINLAND.height / 8} ${MAINLAND.width / 4} ${MAINLAND.height / 4}`,
    );
  });

  test('lets marks grow more slowly than the map', () => {
    expect(markScale(WHOLE)).toBe(1);
    const grown = markScale({ ...WHOLE, scale: 8 }) * 8;
    expect(grown).toBeGreaterThan(1.5);
    expect(grown).toBeLessThan(4);
  });

  test('makes marks and names larger on a small map, within reason', () => {
    expect([smallness(3), smallness(1.9), smallness(0.95), smallness(0.1)]).toEqual([1, 1, 1.8, 1.8]);
    expect(markScale(WHOLE, 1.8)).toBeGreaterThan(1);
    expect(labelScale(WHOLE, 1.8)).toBe(1.8);
  });
});
