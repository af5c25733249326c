import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { ARCHITECTURES, architecturesOf, isFor } from '../src/architectures.js';

const NAMES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'armv7l' };

describe('architectures', () => {
  test('all are those that everything is published for', () => {
    expect(architecturesOf('all').map(({ name }) => name)).toEqual(['arm64', 'amd64']);
    expect(architecturesOf('armv7l')).toHaveLength(1);
  });

  test('an unknown one is refused with the known ones', () => {
    expect(() => architecturesOf('riscv')).toThrow(
      expect.objectContaining({ code: 'USAGE', hint: expect.stringContaining('armv7l') }),
    );
  });

  test('a program is told to be for one of them, and no other', () => {
    const own = readFileSync(process.execPath).subarray(0, 64);
    const fitting = ARCHITECTURES.filter((architecture) => isFor(architecture, own)).map(({ name }) => name);
    expect(fitting).toEqual(process.platform === 'linux' ? [NAMES[process.arch]].filter(Boolean) : []);
    for (const architecture of ARCHITECTURES)
      expect(isFor(architecture, Buffer.from('no program, but longer than a header'))).toBe(false);
  });
});
