import { kilowattHours, kilowatts, type Position, seconds, type WattHours, type Watts } from '@venfleet/core';
import { v5 as uuidV5 } from 'uuid';
import { danishGsrn } from '../gsrn.js';
import { type Mistake, quoted, resourceMistakes } from '../mistakes.js';
import type { NewResource } from '../model.js';
import { type CsvFile, type CsvKind, type CsvRecord, cellsOf } from './csv-file.js';
import type { FileConfig } from './fleet-config.js';
import { venNameOf } from './ven-name.js';

/** Namespace of the resource ids; never to be changed, since the ids are what a VTN knows the resources by. */
const RESOURCE_NAMESPACE = 'b0e9a4a6-5c0b-5f0e-9d3b-7c1f5a2e8d41';

type Column =
  | 'title'
  | 'address'
  | 'longitude'
  | 'latitude'
  | 'meter_point_id'
  | 'p_min_kw'
  | 'p_max_kw'
  | 'e_min_kwh'
  | 'e_max_kwh'
  | 'enabled';

/** The columns of a file of sites. */
export const SITES: CsvKind<Column> = {
  required: ['title', 'address', 'longitude', 'latitude'],
  optional: ['meter_point_id', 'p_min_kw', 'p_max_kw', 'e_min_kwh', 'e_max_kwh', 'enabled'],
};

/** Where a row stands. */
export interface RowPlace {
  readonly file: string;
  readonly line: number;
  readonly fields: readonly string[];
}

/** A usable row. */
export interface Site {
  readonly place: RowPlace;
  readonly config: FileConfig;
  readonly resourceId: string;
  readonly name: string;
  readonly address: string;
  readonly ven: string;
  readonly position: Position;
  readonly pMin: Watts;
  readonly pMax: Watts;
  readonly eMin: WattHours;
  readonly eMax: WattHours;
  /** Undefined when the row does not say. */
  readonly meterPointId: string | undefined;
  readonly enabled: boolean | undefined;
}

/** A row that does not go in, and all reasons why. */
export interface RefusedRow {
  readonly place: RowPlace;
  readonly mistakes: readonly Mistake[];
  /** The resource that the row speaks of, as far as can be told; it stays as it is. */
  readonly resourceId: string | undefined;
}

/** What the table's rules call a value, in the terms of the CSV file. */
const CSV_FIELDS: Readonly<Record<string, string>> = { name: 'title', ven: 'address' };
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Far beyond any site, and far from where doubles lose a milliwatt. */
const LARGEST_NUMBER = 1e9;
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, yes: true, 1: true, false: false, no: false, 0: false };

/** One row as a site, or everything that is wrong with it. */
export function toSite(file: CsvFile<Column>, record: CsvRecord, config: FileConfig): Site | RefusedRow {
  const place = { file: file.name, line: record.line, fields: record.fields };
  const value = cellsOf(file, record);
  if (typeof value !== 'function') return { place, mistakes: [value], resourceId: undefined };
  const mistakes: Mistake[] = [];
  const number = (column: Column, fallback: number | undefined): number => {
    const given = value(column);
    if (given === '' && fallback !== undefined) return fallback;
    const parsed = NUMBER.test(given) ? Number(given) : Number.NaN;
    if (Math.abs(parsed) <= LARGEST_NUMBER) return parsed;
    const wrong = Number.isNaN(parsed) ? 'is not a number such as 57.048' : 'is out of range';
    mistakes.push({ field: column, reason: given === '' ? 'is empty' : `${quoted(given)} ${wrong}` });
    return 0;
  };
  const address = tidy(value('address'));
  const ven = venNameOf(value('address'));
  if (ven === undefined) {
    mistakes.push({ field: 'address', reason: `${quoted(address)} has no city: a postal code of 4 digits and a place name` });
  }
  const enabled = BOOLEANS[value('enabled').toLowerCase()];
  if (value('enabled') !== '' && enabled === undefined) {
    mistakes.push({ field: 'enabled', reason: `${quoted(value('enabled'))} is neither true nor false` });
  }
  const name = tidy(value('title'));
  const site: Site = {
    place,
    config,
    resourceId: uuidV5(`${config.subType}\n${name}\n${address}`, RESOURCE_NAMESPACE),
    name,
    address,
    ven: ven ?? '',
    position: { longitude: number('longitude', undefined), latitude: number('latitude', undefined) },
    pMin: kilowatts(number('p_min_kw', config.capacity.pMinKw)),
    pMax: kilowatts(number('p_max_kw', config.capacity.pMaxKw)),
    eMin: kilowattHours(number('e_min_kwh', config.capacity.eMinKwh)),
    eMax: kilowattHours(number('e_max_kwh', config.capacity.eMaxKwh)),
    meterPointId: value('meter_point_id') || undefined,
    enabled,
  };
  addRuleMistakes(site, mistakes);
  return mistakes.length === 0 ? site : { place, mistakes, resourceId: site.resourceId };
}

/** Adds what the table's own rules find, except for fields that have been found wrong before. */
function addRuleMistakes(site: Site, mistakes: Mistake[]): void {
  const known = new Set(mistakes.map(({ field }) => field));
  // Any right meter point will do here for a site that is given one later.
  const resource = toResource(site, site.meterPointId ?? danishGsrn(0), undefined);
  for (const { field, reason } of resourceMistakes(resource)) {
    const csvField = CSV_FIELDS[field] ?? field;
    if (!known.has(csvField)) mistakes.push({ field: csvField, reason });
  }
}

/**
 * The resource that a site becomes. What the source does not say stays as it is in the database
 * (`existing`): connections, reading and reporting, and `enabled` when there is no such column.
 */
export function toResource(site: Site, meterPointId: string, existing: NewResource | undefined): NewResource {
  return {
    resourceId: site.resourceId,
    name: site.name,
    type: site.config.type,
    subType: site.config.subType,
    meterPointId,
    pMin: site.pMin,
    pMax: site.pMax,
    eMin: site.eMin,
    eMax: site.eMax,
    position: site.position,
    address: site.address,
    ven: site.ven,
    enabled: site.enabled ?? existing?.enabled ?? true,
    readInterval: existing?.readInterval ?? seconds(10),
    reported: existing?.reported ?? true,
    readerConnectionId: existing?.readerConnectionId ?? null,
    writerConnectionId: existing?.writerConnectionId ?? null,
  };
}

/** One spelling for what looks the same: composed characters, single spaces. */
function tidy(text: string): string {
  return text.normalize('NFC').replace(/\s+/g, ' ').trim();
}
