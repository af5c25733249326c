/** Builds the page into dist/, unless what is there is newer than all that it is made of. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const here = import.meta.dirname;
const root = join(here, '../..');
const SOURCES = [
  join(here, 'src'),
  join(here, 'public'),
  join(here, 'index.html'),
  join(here, 'vite.config.mjs'),
  join(here, 'package.json'),
  join(root, 'libs/core/src'),
  join(root, 'libs/console-api/src'),
  // Vite, Preact and the others, as they are installed.
  join(root, 'package-lock.json'),
];

function newest(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

const built = statSync(join(here, 'dist/index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (SOURCES.some((path) => newest(path) >= built)) {
  await build({ configFile: join(here, 'vite.config.mjs'), logLevel: 'warn' });
}
