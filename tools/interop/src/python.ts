import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describeError } from '@venfleet/core';
import type { Processes } from './processes.js';
import { skipped } from './steps.js';

/** A package of PyPI, to the version. */
export interface PythonPackage {
  readonly name: string;
  readonly version: string;
  /** Least Python, as [major, minor]. */
  readonly python: readonly [number, number];
}

/** Newest last: the first that fits is the one that most of the machine uses. */
const INTERPRETERS = ['python3', 'python3.12', 'python3.13', 'python3.14'];

/** What pyenv has installed; its commands are on the path, but only start the version that is chosen. */
function pyenvInterpreters(): string[] {
  const versions = join(process.env.PYENV_ROOT ?? join(homedir(), '.pyenv'), 'versions');
  return existsSync(versions) ? readdirSync(versions).map((version) => join(versions, version, 'bin/python3')) : [];
}

/**
 * A Python with a package, in a virtual environment of its own that is made when it is missing.
 * @returns the interpreter's path
 * @throws VenfleetError INTEROP_SKIPPED when there is no such Python, or PyPI cannot be reached
 */
export async function pythonWith(processes: Processes, cache: string, wanted: PythonPackage): Promise<string> {
  const folder = join(cache, `${wanted.name}-${wanted.version}`);
  const python = join(folder, 'bin/python');
  const isThere = `import importlib.metadata as m, sys; sys.exit(m.version(${JSON.stringify(wanted.name)}) != ${JSON.stringify(wanted.version)})`;
  if (existsSync(python) && (await succeeds(processes, python, ['-c', isThere]))) return python;
  const interpreter = await findInterpreter(processes, wanted);
  try {
    await processes.run(interpreter, ['-m', 'venv', '--clear', folder]);
    const quiet = ['--quiet', '--disable-pip-version-check', '--retries', '1'];
    await processes.run(python, ['-m', 'pip', 'install', ...quiet, `${wanted.name}==${wanted.version}`]);
    return python;
  } catch (error) {
    throw skipped(`${wanted.name} ${wanted.version} cannot be had from PyPI: ${describeError(error)}`, error);
  }
}

async function findInterpreter(processes: Processes, { name, python: [major, minor] }: PythonPackage): Promise<string> {
  const check = ['-c', `import sys, venv; sys.exit(sys.version_info < (${major}, ${minor}))`];
  for (const candidate of [...INTERPRETERS, ...pyenvInterpreters()])
    if (await succeeds(processes, candidate, check)) return candidate;
  throw skipped(`${name} needs Python ${major}.${minor} with venv`);
}

const succeeds = (processes: Processes, command: string, args: readonly string[]): Promise<boolean> =>
  processes.run(command, args).then(
    () => true,
    () => false,
  );
