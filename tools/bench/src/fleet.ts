import { join } from 'node:path';
import { type PrepareResult, prepare } from '@venfleet/resource-db';
import { ROOT, type Workplace } from './workplace.js';

/** The CSV files of the sample fleet. */
const SAMPLE_SOURCE = join(ROOT, 'config/exampleassets');

/**
 * Imports CSV files into a fresh database.
 * @param source folder of the CSV files; by default the sample fleet's
 * @throws VenfleetError of prepare; Error when rows were refused, for then less work was done than the figure says
 */
export function prepareFleet(place: Workplace, source = SAMPLE_SOURCE): PrepareResult & { readonly db: string } {
  const db = place.path('resources.db');
  const result = prepare({ source, db, config: join(ROOT, 'config/fleet.yaml'), rejects: place.path('rejects.csv') });
  if (result.rejected > 0) throw new Error(`${result.rejected} rows of ${source} were refused`);
  return { ...result, db };
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
