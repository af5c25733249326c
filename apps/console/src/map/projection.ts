/**
 * Mercator's projection, which keeps shapes, in units of a kilometre at 56° north. The map's origin is its north-western
 * corner; x grows eastward, y southward.
 */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Box extends Point {
  readonly width: number;
  readonly height: number;
}

const NORTH_WEST = { longitude: 7.75, latitude: 57.86 };
const KM_PER_DEGREE = 111.32 * Math.cos((56 * Math.PI) / 180);

export function project(longitude: number, latitude: number): Point {
  return {
    x: (longitude - NORTH_WEST.longitude) * KM_PER_DEGREE,
    y: (stretched(NORTH_WEST.latitude) - stretched(latitude)) * KM_PER_DEGREE,
  };
}

/** Latitude in degrees, stretched as meridians are drawn apart. */
function stretched(latitude: number): number {
  return (Math.log(Math.tan(Math.PI / 4 + (latitude * Math.PI) / 360)) * 180) / Math.PI;
}

/** What is drawn of Denmark without Bornholm, which lies too far off; with sea in the west, upon which figures stand. */
export const MAINLAND: Box = { x: -46, y: -3, width: 380, height: 384 };

/** Where Bornholm really lies, and where it is drawn instead: in the north-east, as on Danish maps. */
const BORNHOLM: Box = { x: 426, y: 280, width: 42, height: 46 };
export const INSET: Box = { x: 284, y: 6, width: 42, height: 46 };
/** From where things on Bornholm lie to where they are drawn. */
export const INSET_SHIFT: Point = { x: INSET.x - BORNHOLM.x, y: INSET.y - BORNHOLM.y };

const holds = (box: Box, { x, y }: Point): boolean =>
  x >= box.x && y >= box.y && x <= box.x + box.width && y <= box.y + box.height;

/** Where on the map a place is drawn; undefined where it lies beyond it. */
export function placeOnMap(longitude: number, latitude: number): Point | undefined {
  const point = project(longitude, latitude);
  if (holds(BORNHOLM, point)) return { x: point.x + INSET_SHIFT.x, y: point.y + INSET_SHIFT.y };
  return holds(MAINLAND, point) && !holds(INSET, point) ? point : undefined;
}

/** Coasts as the data of an SVG path. @param rings first point and steps, in thousandths of a degree */
export function pathOf(rings: readonly (readonly number[])[]): string {
  return rings.map(ringPath).join('');
}

function ringPath(ring: readonly number[]): string {
  let [longitude, latitude] = [0, 0];
  const points: string[] = [];
  for (let i = 0; i + 1 < ring.length; i += 2) {
    longitude += ring[i] as number;
    latitude += ring[i + 1] as number;
    const { x, y } = project(longitude / 1000, latitude / 1000);
    points.push(`${x.toFixed(2)} ${y.toFixed(2)}`);
  }
  return `M${points.join('L')}Z`;
}
