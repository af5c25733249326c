import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '@venfleet/core';
import { notMeasured } from './row.js';
import { ROOT, type Workplace } from './workplace.js';

/** Kept between runs, in the git-ignored folder. */
const VENV = join(ROOT, '.venfleet/bench-venv');

/** A package of PyPI. */
export interface PythonPackage {
  /** What is imported. */
  readonly module: string;
  /** What is asked of pip. */
  readonly requirement: string;
}

export const AIOHTTP: PythonPackage = { module: 'aiohttp', requirement: 'aiohttp' };
/** 4 changes what a server is made of. */
export const PYMODBUS: PythonPackage = { module: 'pymodbus', requirement: 'pymodbus>=3.16,<4' };

/**
 * A Python that has a package, in a virtual environment that is made when it is missing.
 * @returns the interpreter's path
 * @throws VenfleetError NOT_MEASURED when there is no Python or no way to get the package
 */
export async function pythonWith(place: Workplace, { module, requirement }: PythonPackage): Promise<string> {
  const python = join(VENV, 'bin/python');
  const works = (code: string) =>
    place.run(python, ['-c', code]).then(
      () => true,
      () => false,
    );
  try {
    if (existsSync(python) && (await works(`import ${module}`))) return python;
    if (!existsSync(python) || !(await works(''))) await place.run('python3', ['-m', 'venv', '--clear', VENV]);
    await place.run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--retries', '1', requirement]);
    await place.run(python, ['-c', `import ${module}`]);
    return python;
  } catch (error) {
    place.signal.throwIfAborted();
    throw notMeasured(`needs python3 with venv and ${module}: ${describeError(error)}`, error);
  }
}
