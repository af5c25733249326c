import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { systemClock } from '@venfleet/core';
import { vtnMockProgram } from '../src/cli.js';
import { CLIENTS, TestVtn } from './support/vtn.js';

describe('vtn-mock fault', () => {
  let vtn: TestVtn;
  let folder: string;
  let credentials: string;
  let printed: string;
  beforeAll(async () => {
    vtn = await new TestVtn({ clock: systemClock, faults: { seed: 1 } }).start();
    folder = mkdtempSync(join(tmpdir(), 'venfleet-fault-'));
    credentials = join(folder, 'credentials.json');
    writeFileSync(credentials, JSON.stringify({ version: 1, clients: CLIENTS }));
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += text;
      return true;
    });
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    rmSync(folder, { recursive: true });
    await vtn.stop();
  });

  const run = async (...args: string[]) => {
    printed = '';
    const program = vtnMockProgram();
    for (const command of [program, ...program.commands]) command.configureOutput({ writeErr() {} });
    const link = ['--url', vtn.address.urls['3.1.0'], '--credentials', credentials];
    await program.parseAsync(['node', 'vtn-mock', 'fault', ...args, ...link]);
    return printed;
  };

  it('adds, lists and clears, in words and as JSON', async () => {
    const added = await run('add', '--kind', 'error', '--status', '503', '--objects', 'events', '--retry-after', '5');
    expect(added).toBe('fault 1: error objects=events status=503 retryAfterS=5, hit 0 times, until cleared\n');
    const { spec } = JSON.parse(
      await run('add', '--kind', 'latency', '--delay-ms', '20', '--for', '60', '--chance', '0.5', '--json'),
    );
    expect(spec).toEqual({ kind: 'latency', delayMs: 20, durationS: 60, chance: 0.5 });
    expect((await run('list')).split('\n')).toHaveLength(3);
    expect(await run('clear', '--id', '1')).toContain('cleared fault 1: error');
    expect(await run('add', '--kind', 'expire-tokens')).toBe('the tokens that were issued so far have expired\n');
    expect(JSON.parse(await run('clear', '--json'))).toEqual({ cleared: 1 });
    expect(await run()).toBe('no faults are in force\n');
  });

  it('says what is wrong: of the options, and of what the VTN refuses', async () => {
    await expect(run('add')).rejects.toThrow('needs --kind');
    await expect(run('fix')).rejects.toThrow('unknown action');
    await expect(run('add', '--kind', 'error', '--delay-ms', '5')).rejects.toThrow('delayMs: a fault of kind error');
    await expect(run('clear', '--id', '99')).rejects.toThrow('no fault 99');
  });
});
