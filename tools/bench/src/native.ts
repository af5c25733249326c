import { join } from 'node:path';
import { notMeasured } from './row.js';
import { ROOT, type Workplace } from './workplace.js';

/** @throws VenfleetError NOT_MEASURED when C cannot be compiled, or not against libmodbus */
export async function requireLibmodbus(place: Workplace): Promise<void> {
  const lacks = (what: string) => (cause: unknown) => {
    place.signal.throwIfAborted();
    throw notMeasured(`needs ${what}`, cause);
  };
  await place.run('cc', ['--version']).catch(lacks('a C compiler (Debian packages gcc and libc6-dev)'));
  const header = ['-fsyntax-only', '-include', 'modbus/modbus.h', '-x', 'c', '/dev/null'];
  await place.run('cc', header).catch(lacks('libmodbus (Debian package libmodbus-dev)'));
}

/**
 * Compiles `peers/NAME.c` into the row's folder.
 * @returns the program's path
 */
export async function compile(place: Workplace, name: string, libraries: readonly string[] = []): Promise<string> {
  const program = place.path(name);
  const source = join(ROOT, 'tools/bench/src/peers', `${name}.c`);
  await place.run('cc', ['-O2', '-o', program, source, ...libraries.map((library) => `-l${library}`)]);
  return program;
}
