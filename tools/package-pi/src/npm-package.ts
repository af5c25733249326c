import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError, VenfleetError } from '@venfleet/core';
import { makeFolder } from '@venfleet/core/node';
import type { PinnedPackage } from './pinned.js';

const run = promisify(execFile);

/**
 * The file of an npm package, from the cache or the registry; it is what was pinned, or this fails.
 * @throws VenfleetError PACKAGE_UNAVAILABLE, PACKAGE_ALTERED
 */
export async function npmPackage({ name, version, integrity }: PinnedPackage, cache: string): Promise<string> {
  makeFolder(cache);
  const file = join(cache, `${name}-${version}.tgz`);
  if (existsSync(file) && integrityOf(file) === integrity) return file;
  const spec = `${name}@${version}`;
  let packed: string;
  try {
    const { stdout } = await run('npm', ['pack', spec, '--json', '--pack-destination', cache], { cwd: cache });
    const [{ filename }] = JSON.parse(stdout) as [{ filename: string }];
    packed = join(cache, filename);
  } catch (cause) {
    throw new VenfleetError('PACKAGE_UNAVAILABLE', `npm cannot get ${spec}: ${describeError(cause)}`, {
      cause,
      hint: 'it needs the npm registry the first time',
    });
  }
  if (integrityOf(packed) !== integrity) {
    rmSync(packed);
    throw new VenfleetError('PACKAGE_ALTERED', `${spec} from the registry is not the file that was pinned`, {
      hint: 'do not use it; if the pin is to be changed, see tools/package-pi/src/pinned.ts',
    });
  }
  renameSync(packed, file);
  return file;
}

function integrityOf(file: string): string {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
}
