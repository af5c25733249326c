import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { ARCHITECTURES, type Architecture } from '../src/architectures.js';
import { toTarGz } from '../src/archive.js';
import { packageFiles, type Sources } from '../src/layout.js';

const folder = mkdtempSync(join(tmpdir(), 'layout-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sources: Sources = { root: folder, cache: join(folder, 'cache'), version: '1.0.0' };
const architecture = (name: string) => ARCHITECTURES.find((each) => each.name === name) as Architecture;

describe('a package', () => {
  test('for a processor that nobody publishes a current Node for needs one from its maker, and says which', async () => {
    await expect(packageFiles(architecture('armv7l'), sources)).rejects.toMatchObject({
      code: 'NODE_UNAVAILABLE',
      hint: expect.stringContaining('--node'),
    });
  });

  test('is not made with a Node for another processor', async () => {
    const elf = Buffer.alloc(64);
    elf.write('\x7fELF', 'latin1');
    elf[4] = 2;
    elf.writeUInt16LE(architecture('amd64').elfMachine, 18);
    const node = join(folder, 'node-v24.0.0-linux-x64.tar.gz');
    writeFileSync(node, await toTarGz([{ path: 'bin/node', mode: 0o755, content: elf }], new Date(0), 'node-v24.0.0-linux-x64/'));
    await expect(packageFiles(architecture('arm64'), { ...sources, node })).rejects.toMatchObject({
      code: 'WRONG_ARCHITECTURE',
      message: expect.stringContaining('arm64'),
    });
  });
});
