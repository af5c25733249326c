import { faker } from '@faker-js/faker/locale/da';
import { pick, type Random, uniformInt } from '@venfleet/core';
import type { Kind } from './totals.js';

interface Context {
  readonly random: Random;
  /** The street that the site is in. */
  readonly street: string;
  readonly place: string;
}

type Title = (context: Context) => string;

const surname = () => faker.person.lastName();
const firstName = () => faker.person.firstName();
/** A Danish genitive: Jensens, but Buchs and Brix'. */
const genitive = (name: string) => (/[sxz]$/i.test(name) ? `${name}'` : `${name}s`);
/** An inn's or shop's adjective and noun: Den Gyldne Hane. */
const animal = ({ random }: Context) =>
  `Den ${pick(random, ['Gyldne', 'Sorte', 'Hvide', 'Blå', 'Røde', 'Grønne', 'Glade', 'Gamle'])} ${pick(random, [
    'Hane',
    'Svane',
    'Hjort',
    'Ræv',
    'Bjørn',
    'Hest',
    'Løve',
    'Ørn',
    'Vædder',
    'And',
  ])}`;

/** `Ved Stranden` and `Nedre Gade` are phrases of their own; else a street is something that one is on. */
const onStreet = ({ street }: Context) => (/^(Ved|På|I|Under) /.test(street) ? lowerFirst(street) : `på ${street}`);
const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

const TITLES: Readonly<Record<Kind, readonly Title[]>> = {
  bars: [
    () => `Bar ${firstName()}`,
    () => `${genitive(firstName())} Vinbar`,
    (c) => `Værtshuset ${animal(c)}`,
    (c) => `Baren ${onStreet(c)}`,
    () => `${genitive(surname())} Bodega`,
    (c) => `Pub ${animal(c)}`,
    (c) => `${c.street} Bar & Cocktails`,
  ],
  hotels: [
    (c) => `Hotel ${c.street}`,
    (c) => `Hotel ${animal(c)}`,
    (c) => `${c.place} ${pick(c.random, ['Kro', 'Badehotel', 'Parkhotel', 'Vandrerhjem', 'Gæstgiveri'])}`,
    () => `Hotel ${firstName()}`,
    (c) => `${genitive(surname())} Hotel, ${c.place}`,
    (c) => `Kroen ${onStreet(c)}`,
  ],
  schools: [
    (c) => `${c.street.replace(/(vej|gade|allé|stræde)$/i, '')}skolen`,
    (c) => `${c.place} ${pick(c.random, ['Friskole', 'Privatskole', 'Gymnasium', 'Handelsskole', 'Efterskole', 'Musikskole'])}`,
    (c) => `Skolen ${onStreet(c)}`,
    () => `${genitive(surname())} Friskole`,
    (c) => `Skolen ${onStreet(c)}, afdeling ${pick(c.random, ['Nord', 'Syd', 'Øst', 'Vest'])}`,
  ],
  restaurants: [
    () => `Restaurant ${firstName()}`,
    (c) => `Restaurant ${animal(c)}`,
    () => `${genitive(firstName())} Køkken`,
    (c) => `Spisestedet ${onStreet(c)}`,
    () => `Pizzeria ${firstName()}`,
    () => `${genitive(surname())} Smørrebrød`,
    (c) => `Café ${firstName()}, ${c.place}`,
    (c) => `${c.street} Grill & Steakhouse`,
  ],
  industries: [
    (c) => `${surname()} ${pick(c.random, ['Maskinfabrik', 'Plast', 'Stål', 'Emballage', 'Møbelfabrik', 'Fødevarer'])} A/S`,
    (c) => `${c.place} ${pick(c.random, ['Betonvarer', 'Mejeri', 'Savværk', 'Jernstøberi', 'Slagteri', 'Væveri'])}`,
    (c) => `${surname()} & Søn, ${pick(c.random, ['Maskinværksted', 'Smedje', 'Snedkeri', 'Galvanisering'])}`,
    () => `${surname()} & ${surname()} Industri ApS`,
    (c) => `${surname()} ${pick(c.random, ['Trykkeri', 'Tekstil', 'Metal', 'Glas', 'Køleteknik', 'Papir'])} ApS`,
  ],
  bakeries: [
    (c) => `Bageriet ${onStreet(c)}`,
    () => `${genitive(surname())} Bageri`,
    () => `${genitive(surname())} Konditori`,
    (c) => `${c.place} Brødhus`,
    () => `Surdejsbageriet ${firstName()}`,
    () => `${genitive(firstName())} Brød & Kager`,
  ],
  swimmingpools: [
    (c) => `${c.place} ${pick(c.random, ['Svømmehal', 'Friluftsbad', 'Badeland', 'Vandkulturhus', 'Varmtvandsbad'])}`,
    (c) => `Svømmehallen ${onStreet(c)}`,
    (c) => `${c.street} Svømmehal`,
    (c) => `Svømmehallen ${onStreet(c)}, ${c.place}`,
  ],
  chargingstations: [
    (c) => `Ladestation ${c.street}`,
    (c) => `Ladestander ${uniformInt(c.random, 1, 24)}, ${c.street}`,
    (c) => `${c.place} Ladepark ${pick(c.random, ['Nord', 'Syd', 'Øst', 'Vest', 'Centrum'])}`,
    (c) => `Elbil-lader, P-plads ${pick(c.random, ['A', 'B', 'C', 'D'])}, ${c.street}`,
    (c) => `Lynlader ${onStreet(c)}`,
  ],
};

/** An invented name that fits the kind of site. */
export function inventTitle(kind: Kind, context: Context): string {
  return pick(context.random, TITLES[kind])(context);
}
