import type { Site } from './sites.js';
import type { View } from './zoom.js';
import { markScale } from './zoom.js';

export interface Label {
  readonly id: string;
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end';
}

interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Of a label at mark scale 1, in the map's unit: the height of its text, and the width of a letter. */
export const LABEL_SIZE = 6.2;
const LETTER = 0.56 * LABEL_SIZE;
const GAP = 1.6;
/** Circles smaller than this (as a part of the map's width) have no label, unless the map is enlarged. */
const LEAST_RADIUS = 3.9;

/**
 * Names beside their circles: those of the largest, as far as they hide neither each other nor a large circle.
 * @param sites the largest first
 */
export function labelsOf(sites: readonly Site[], view: View): Label[] {
  const k = markScale(view);
  const bold = sites.filter(({ radius }) => radius * view.scale ** 0.8 >= LEAST_RADIUS);
  const taken: Area[] = bold.map((site) => around(site, k * 0.8));
  const labels: Label[] = [];
  for (const site of bold) {
    const places = (['start', 'end'] as const).map((anchor) => ({ anchor, area: areaOf(site, anchor, k) }));
    const own = around(site, k * 0.8);
    const free = places.find(({ area }) => !taken.some((other) => !isSame(other, own) && overlap(area, other)));
    if (free === undefined) continue;
    taken.push(free.area);
    const shift = site.radius * k + GAP * k;
    labels.push({
      id: site.id,
      text: site.name,
      x: free.anchor === 'start' ? site.x + shift : site.x - shift,
      y: site.y,
      anchor: free.anchor,
    });
  }
  return labels;
}

function around({ x, y, radius }: Site, k: number): Area {
  const r = radius * k;
  return { left: x - r, right: x + r, top: y - r, bottom: y + r };
}

function areaOf({ x, y, radius, name }: Site, anchor: 'start' | 'end', k: number): Area {
  const [near, width, half] = [(radius + GAP) * k, name.length * LETTER * k, (LABEL_SIZE / 2) * k];
  const left = anchor === 'start' ? x + near : x - near - width;
  return { left, right: left + width, top: y - half, bottom: y + half };
}

const overlap = (a: Area, b: Area): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const isSame = (a: Area, b: Area): boolean => a.left === b.left && a.top === b.top;
