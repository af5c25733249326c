import { faker } from '@faker-js/faker/locale/da';
import { type Position, pick, type Random, seededRandom, uniform, uniformInt } from '@venfleet/core';
import { DANISH_GSRN_COUNT, danishGsrn } from '@venfleet/resource-db';
import { stringify } from 'csv-stringify/sync';
import { loadPlaces, movedBy, offsetKm, type Place } from './places.js';
import { inventTitle } from './titles.js';
import { KINDS, type Kind, shuffledKinds, sitesPerPlace } from './totals.js';

interface Site {
  readonly title: string;
  readonly address: string;
  readonly position: Position;
  readonly website: string;
  readonly email: string;
  readonly meterPointId: string;
}

/** Name and content of one CSV file. */
export interface FleetFile {
  readonly name: string;
  readonly content: string;
}

/**
 * The eight CSV files of the sample fleet. The same seed and scale give the same bytes on every machine.
 * @param scale how many times the sites of the sample fleet each city has.
 */
export function generateFleet(seed: string, scale: number): FleetFile[] {
  const random = seededRandom(seed);
  faker.seed(uniformInt(random, 0, 2 ** 31 - 1));
  const invent = new SiteInventor(random);
  const places = loadPlaces();
  const counts = sitesPerPlace(places);
  const kinds = shuffledKinds(random, scale);
  const sites: Record<Kind, Site[]> = {
    bars: [],
    hotels: [],
    schools: [],
    restaurants: [],
    industries: [],
    bakeries: [],
    swimmingpools: [],
    chargingstations: [],
  };
  let dealt = 0;
  for (const place of places) {
    const end = dealt + (counts.get(place.name) ?? 0) * scale;
    for (const kind of kinds.slice(dealt, end)) sites[kind].push(invent.site(kind, place));
    dealt = end;
  }
  return KINDS.map((kind) => ({ name: `${kind}-in-denmark.csv`, content: toCsv(sites[kind]) }));
}

/** Invents sites of which no two share kind, title and address, or meter point. */
class SiteInventor {
  readonly #random: Random;
  readonly #taken = new Set<string>();
  readonly #meterPoints = new Set<number>();

  constructor(random: Random) {
    this.#random = random;
  }

  site(kind: Kind, place: Place): Site {
    for (;;) {
      const street = faker.location.street();
      const address = `${this.#streetAddress(street)}, ${place.postalCode} ${place.name}`;
      const title = inventTitle(kind, { random: this.#random, street, place: place.name });
      const key = `${kind}\n${title}\n${address}`;
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      // .example belongs to no one (RFC 2606), so that no invented contact is a real one.
      const domain = `${slug(title)}.example`;
      const position = this.#positionNear(place);
      return {
        title,
        address,
        position,
        website: `https://www.${domain}`,
        email: `kontakt@${domain}`,
        meterPointId: this.#meterPoint(),
      };
    }
  }

  #streetAddress(street: string): string {
    const number = Math.ceil(120 * this.#random.next() ** 2) || 1;
    const letter = this.#random.next() < 0.12 ? pick(this.#random, ['A', 'B', 'C', 'D']) : '';
    const floor = this.#random.next() < 0.08 ? `, ${pick(this.#random, ['st.', '1. sal', '2. sal', 'kld.'])}` : '';
    return `${street} ${number}${letter}${floor}`;
  }

  /** Along the way to a neighbouring town, where there is land, and the farther out the bigger the town. */
  #positionNear({ centre, neighbours, population }: Place): Position {
    const reach = Math.min(5, 0.6 + Math.sqrt(population) / 100);
    const { east, north } = offsetKm(centre, pick(this.#random, neighbours));
    const whole = Math.hypot(east, north);
    const along = Math.min(whole / 2, reach * this.#random.next());
    const aside = uniform(this.#random, -0.15, 0.15) * reach;
    return movedBy(centre, (east * along - north * aside) / whole, (north * along + east * aside) / whole);
  }

  #meterPoint(): string {
    let serial: number;
    do serial = uniformInt(this.#random, 0, DANISH_GSRN_COUNT - 1);
    while (this.#meterPoints.has(serial));
    this.#meterPoints.add(serial);
    return danishGsrn(serial);
  }
}

const LETTERS: Readonly<Record<string, string>> = { æ: 'ae', ø: 'oe', å: 'aa' };

/** A title as a domain label: lower-case ASCII letters, digits and single hyphens, 63 at most (RFC 1035, 2.3.4). */
function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[æøå]/g, (letter) => LETTERS[letter] as string)
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
}

function toCsv(sites: readonly Site[]): string {
  const rows = sites.map((site) => [
    site.title,
    site.address,
    site.position.longitude.toFixed(5),
    site.position.latitude.toFixed(5),
    site.website,
    site.email,
    site.meterPointId,
  ]);
  return stringify([['title', 'address', 'longitude', 'latitude', 'website', 'email', 'meter_point_id'], ...rows]);
}
