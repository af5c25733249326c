import { join } from 'node:path';
import { openResourceDb, prepare } from '@venfleet/resource-db';
import { ROOT, type Workplace } from './workplace.js';

/** The CSV files of the sample fleet. */
const SAMPLE_SOURCE = join(ROOT, 'config/exampleassets');

/** A database that was made of CSV files. */
export interface PreparedFleet {
  readonly db: string;
  readonly resources: number;
  /** Names, biggest first. */
  readonly vens: readonly string[];
}

/**
 * Imports CSV files into a fresh database.
 * @param source folder of the CSV files; by default the sample fleet's
 * @throws VenfleetError of prepare; Error when rows were refused, for then less was done than the figure would say
 */
export function prepareFleet(place: Workplace, source = SAMPLE_SOURCE): PreparedFleet {
  const db = place.path('resources.db');
  const rejects = place.path('rejects.csv');
  const { resources, vens, rejected } = prepare({ source, db, config: join(ROOT, 'config/fleet.yaml'), rejects });
  if (rejected > 0) throw new Error(`${rejected} rows of ${source} were refused`);
  return { db, resources, vens: vens.map(({ name }) => name) };
}

/** The names of the VENs of a resource database, biggest first. */
export function venNamesOf(db: string): string[] {
  const resources = openResourceDb(db, 'readonly');
  try {
    return resources.resources.vens().map(({ name }) => name);
  } finally {
    resources.close();
  }
}

/**
 * Generates a fleet of `scale` times the sample fleet's sites in the same cities.
 * @returns the folder of its CSV files
 */
export async function generateFleet(place: Workplace, scale: number): Promise<string> {
  const folder = place.path(`fleet-x${scale}`);
  const generator = join(ROOT, 'tools/sample-fleet/dist/main.js');
  await place.run(process.execPath, [generator, '--scale', String(scale), '--out', folder]);
  return folder;
}
