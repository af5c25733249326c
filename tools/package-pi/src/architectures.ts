import { usageError } from '@venfleet/core/node';

/** A processor that a package is made for, by its names in different worlds. */
export interface Architecture {
  /** As `uname -m`'s users say it, and `--arch`. */
  readonly name: 'amd64' | 'arm64' | 'armv7l';
  readonly debian: string;
  /** In names of npm packages and prebuilt modules; undefined where there are none. */
  readonly npm: 'x64' | 'arm64' | undefined;
  /** e_machine of its ELF files. */
  readonly elfMachine: number;
  readonly elfBits: 32 | 64;
}

export const ARCHITECTURES: readonly Architecture[] = [
  { name: 'arm64', debian: 'arm64', npm: 'arm64', elfMachine: 183, elfBits: 64 },
  { name: 'amd64', debian: 'amd64', npm: 'x64', elfMachine: 62, elfBits: 64 },
  { name: 'armv7l', debian: 'armhf', npm: undefined, elfMachine: 40, elfBits: 32 },
];

/** @param name of `--arch`; `all` is every one that everything is published for. @throws VenfleetError USAGE */
export function architecturesOf(name: string): readonly Architecture[] {
  if (name === 'all') return ARCHITECTURES.filter(({ npm }) => npm !== undefined);
  const found = ARCHITECTURES.find((architecture) => architecture.name === name);
  if (found !== undefined) return [found];
  throw usageError(`unknown architecture ${name}`, `it is one of ${ARCHITECTURES.map((a) => a.name).join(', ')} or all`);
}

/** Whether `file` is a program or library for Linux on this processor. */
export function isFor({ elfMachine, elfBits }: Architecture, file: Buffer): boolean {
  return (
    file.length > 20 &&
    file.subarray(0, 4).equals(Buffer.from('\x7fELF', 'latin1')) &&
    file[4] === (elfBits === 64 ? 2 : 1) &&
    file.readUInt16LE(18) === elfMachine
  );
}
