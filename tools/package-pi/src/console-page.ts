import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { type Licence, licenceOf } from './licences.js';

/** The console's page as it is built, by its paths. @throws VenfleetError CONSOLE_NOT_BUILT */
export function consolePage(root: string): Map<string, Buffer> {
  const folder = join(root, 'apps/console/dist');
  if (!existsSync(join(folder, 'index.html'))) {
    throw new VenfleetError('CONSOLE_NOT_BUILT', `there is no page in ${folder}`, { hint: 'build it: npm run bootstrap' });
  }
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return new Map(paths.map((path) => [relative(folder, path), readFileSync(path)]));
}

/** Of the packages whose code is in the page: those that it names, and those that these name. */
export function consoleLicences(root: string): Licence[] {
  const named = (folder: string): string[] => {
    const { dependencies = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return Object.keys(dependencies).filter((name) => !name.startsWith('@venfleet/'));
  };
  const folderOf = (name: string) => join(root, 'node_modules', name);
  const direct = named(join(root, 'apps/console'));
  const all = new Set([...direct, ...direct.flatMap((name) => named(folderOf(name)))]);
  return [...all].sort().map((name) => licenceOf(folderOf(name)));
}
