import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '@venfleet/core';
import { notMeasured } from './row.js';
import { ROOT, type Workplace } from './workplace.js';

/** Kept between runs, in the git-ignored folder. */
const VENV = join(ROOT, '.venfleet/bench-venv');

/**
 * A Python that has aiohttp, in a virtual environment that is made when it is missing.
 * @returns the interpreter's path
 * @throws VenfleetError NOT_MEASURED when there is no Python or no way to get aiohttp
 */
export async function pythonWithAiohttp(place: Workplace): Promise<string> {
  const python = join(VENV, 'bin/python');
  const hasAiohttp = () => place.run(python, ['-c', 'import aiohttp']);
  try {
    if (
      existsSync(python) &&
      (await hasAiohttp().then(
        () => true,
        () => false,
      ))
    )
      return python;
    await place.run('python3', ['-m', 'venv', '--clear', VENV]);
    await place.run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', 'aiohttp']);
    await hasAiohttp();
    return python;
  } catch (error) {
    place.signal.throwIfAborted();
    throw notMeasured(`needs python3 with venv and aiohttp: ${describeError(error)}`, error);
  }
}
