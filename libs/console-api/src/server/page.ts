import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the console's built page beside its package; undefined where that is not installed. */
export function pageFolder(): string | undefined {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve('@venfleet/console/package.json'))), 'dist');
  } catch {
    return undefined;
  }
}
