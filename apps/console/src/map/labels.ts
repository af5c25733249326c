import { type Box, MAINLAND } from './projection.js';
import type { Site } from './sites.js';
import { labelScale, markScale, type View } from './zoom.js';

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

/** Of a label at scale 1, in the map's unit: the height of its text, and the width of a letter. */
export const LABEL_SIZE = 6.4;
const LETTER = 0.56 * LABEL_SIZE;
const GAP = 1.6;
/** Circles smaller than this have no name, unless the map is enlarged. */
const LEAST_RADIUS = 4;

/**
 * Names beside their circles: those of the largest, as far as they hide neither each other nor a large circle, and lie on
 * the map.
 * @param sites the largest first
 * @param small see {@link smallness}
 */
export function labelsOf(sites: readonly Site[], view: View, small = 1): Label[] {
  const named = sites.filter(({ radius }) => radius * view.scale ** 0.8 >= LEAST_RADIUS);
  const circles = named.map((site) => ({ site, area: around(site, markScale(view, small)) }));
  const labels: (Label & { readonly area: Area })[] = [];
  for (const { site } of circles) {
    const label = (['start', 'end'] as const)
      .map((anchor) => labelAt(site, anchor, view, small))
      .find(({ area }) => {
        const hides = circles.some((other) => other.site !== site && overlap(area, other.area));
        return !hides && isOn(MAINLAND, area) && !labels.some((other) => overlap(area, other.area));
      });
    if (label !== undefined) labels.push(label);
  }
  return labels.map(({ area: _, ...label }) => label);
}

/** A circle, as far as nothing should lie upon it. */
function around({ x, y, radius }: Site, k: number): Area {
  const r = radius * k * 0.8;
  return { left: x - r, right: x + r, top: y - r, bottom: y + r };
}

function labelAt(
  { id, x, y, radius, name }: Site,
  anchor: 'start' | 'end',
  view: View,
  small: number,
): Label & { readonly area: Area } {
  const k = labelScale(view, small);
  const [aside, width, half] = [radius * markScale(view, small) + GAP * k, name.length * LETTER * k, (LABEL_SIZE / 2) * k];
  const at = anchor === 'start' ? x + aside : x - aside;
  const left = anchor === 'start' ? at : at - width;
  return { id, text: name, x: at, y, anchor, area: { left, right: left + width, top: y - half, bottom: y + half } };
}

const overlap = (a: Area, b: Area): boolean => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
const isOn = ({ x, y, width, height }: Box, { left, right, top, bottom }: Area): boolean =>
  left >= x && right <= x + width && top >= y && bottom <= y + height;
