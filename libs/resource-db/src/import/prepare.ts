import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type HasNow, systemClock, VenfleetError } from '@venfleet/core';
import { fileProblem } from '@venfleet/core/node';
import { buildWhole, openResourceDb, type ResourceDb } from '../resource-db.js';
import { CsvMistakes, readCsvFile } from './csv-file.js';
import { type FleetConfig, loadFleetConfig } from './fleet-config.js';
import { type ReconcileCounts, Reconciler, readPresent, refuseTakenMeterPoints } from './reconcile.js';
import { describeRefused, writeRejects } from './rejects.js';
import { type RefusedRow, SITES, type Site, toSite } from './site.js';

export interface PrepareOptions {
  /** Folder with the CSV files. */
  readonly source: string;
  /** The database; made when it is missing. */
  readonly db: string;
  /** The fleet configuration, YAML. */
  readonly config: string;
  /** Where to write the refused rows; rewritten each time, with only its header when there is none. */
  readonly rejects: string;
  /** Delete resources that are gone from the source, with their connections. */
  readonly prune?: boolean;
  /** Refuse the whole import when a row is refused. */
  readonly strict?: boolean;
  readonly clock?: HasNow;
}

export interface PrepareResult extends ReconcileCounts {
  /** Rows that were refused. */
  readonly rejected: number;
  /** Each reason as `FILE:LINE: FIELD: reason`. */
  readonly rejections: readonly string[];
  /** The resources that `gone` or `pruned` counts. */
  readonly goneResources: readonly GoneResource[];
  /** Files of the folder that the configuration does not name, left out. */
  readonly unknownFiles: readonly string[];
  /** What the database holds now. */
  readonly resources: number;
  readonly vens: readonly { readonly name: string; readonly resources: number }[];
}

export interface GoneResource {
  readonly resourceId: string;
  readonly name: string;
  readonly ven: string;
}

/**
 * Imports a folder of CSV files into the resource database, in one transaction: killed at any moment,
 * the database is the old or the new one. The same files again change nothing.
 * @throws VenfleetError SOURCE_INVALID with the mistakes of all files at once, ROWS_REFUSED (strict),
 *   CONFIG_INVALID, PORTS_EXHAUSTED, or a DB_ error; then the database is as it was.
 */
export function prepare(options: PrepareOptions): PrepareResult {
  const config = loadFleetConfig(options.config);
  const unknownFiles = listUnknownFiles(options.source, config);
  const rows = readSource(options.source, config);
  const importInto = (path: string): PrepareResult => {
    const db = openResourceDb(path, 'create', options.clock ?? systemClock);
    try {
      return { ...db.transaction(() => importRows(db, config, rows, options)), unknownFiles };
    } finally {
      db.close();
    }
  };
  return existsSync(options.db) ? importInto(options.db) : buildWhole(options.db, importInto);
}

interface Rows {
  readonly sites: readonly Site[];
  readonly refused: readonly RefusedRow[];
}

function importRows(
  db: ResourceDb,
  config: FleetConfig,
  rows: Rows,
  options: PrepareOptions,
): Omit<PrepareResult, 'unknownFiles'> {
  const { prune = false, strict = false } = options;
  const present = readPresent(db, rows.sites, rows.refused, prune);
  const { sites, refused } = refuseTakenMeterPoints(rows.sites, present);
  const allRefused = [...rows.refused, ...refused];
  const rejections = allRefused.flatMap(describeRefused);
  writeRejects(options.rejects, allRefused);
  if (strict && allRefused.length > 0) {
    throw new VenfleetError('ROWS_REFUSED', `nothing was imported, for rows that cannot be used: ${allRefused.length}`, {
      details: rejections,
      hint: 'mend the rows, or leave out --strict to import the others',
    });
  }
  const counts = new Reconciler(db, config, present).apply(sites);
  return {
    ...counts,
    rejected: allRefused.length,
    rejections,
    goneResources: present.gone.map(({ resourceId, name, ven }) => ({ resourceId, name, ven })),
    resources: db.resources.count(),
    vens: db.resources.vens(),
  };
}

function listUnknownFiles(source: string, config: FleetConfig): string[] {
  try {
    return readdirSync(source)
      .filter((name) => !name.startsWith('.') && !Object.hasOwn(config.files, name))
      .sort();
  } catch (cause) {
    throw new VenfleetError('SOURCE_UNREADABLE', `cannot read the folder ${source}: ${fileProblem(cause)}`, {
      cause,
      context: { source },
      hint: 'name the folder that holds the CSV files with --source',
    });
  }
}

/** Reads all files of the configuration. @throws VenfleetError SOURCE_INVALID with the mistakes of all of them. */
function readSource(source: string, config: FleetConfig): Rows {
  const mistakes: string[] = [];
  const sites: Site[] = [];
  const refused: RefusedRow[] = [];
  const seen = new Map<string, Site>();
  for (const [name, fileConfig] of Object.entries(config.files)) {
    const file = readCsvFile(join(source, name), name, SITES);
    if (file instanceof CsvMistakes) {
      mistakes.push(...file.mistakes);
      continue;
    }
    for (const record of file.records) {
      const row = toSite(file, record, fileConfig);
      const checked = 'mistakes' in row ? row : withoutRepetition(row, seen);
      if ('mistakes' in checked) refused.push(checked);
      else sites.push(checked);
    }
  }
  if (mistakes.length === 0) return { sites, refused };
  throw new VenfleetError('SOURCE_INVALID', `the CSV files in ${source} cannot be imported; nothing was changed`, {
    context: { source },
    details: mistakes,
    hint: 'mend these files; each file that the configuration names must be there',
  });
}

/** Refuses a site that has in common with an earlier one what it must have alone; else notes it in `seen`. */
function withoutRepetition(site: Site, seen: Map<string, Site>): Site | RefusedRow {
  const { place, meterPointId } = site;
  const at = (other: Site) => `${other.place.file}:${other.place.line}`;
  const twin = seen.get(site.resourceId);
  if (twin !== undefined) {
    const reason = `has the title and address of ${at(twin)}`;
    return { place, mistakes: [{ field: 'row', reason }], resourceId: site.resourceId };
  }
  const sharer = meterPointId === undefined ? undefined : seen.get(meterPointId);
  if (sharer !== undefined) {
    const reason = `${meterPointId} is also that of ${at(sharer)}`;
    return { place, mistakes: [{ field: 'meter_point_id', reason }], resourceId: site.resourceId };
  }
  // Resource ids and meter points look different: one map serves both.
  seen.set(site.resourceId, site);
  if (meterPointId !== undefined) seen.set(meterPointId, site);
  return site;
}
