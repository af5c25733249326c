import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadAgentConfig } from '@venfleet/ven-agent';
import { scriptsOf } from '../src/make.js';

const root = resolve(fileURLToPath(new URL('.', import.meta.url)), '../../..');
const files = join(root, 'tools/package-pi/files');
const scripts = { ...scriptsOf(root), venfleet: readFileSync(join(files, 'venfleet.sh'), 'utf8') };

/** What systemd thinks of the unit: 0 (safe) to 100; it ends with status 1 above the threshold. */
const exposure = (threshold: number) =>
  spawnSync('systemd-analyze', ['security', '--offline=true', `--threshold=${threshold}`, join(files, 'venfleet.service')])
    .status;
const withSystemd = exposure(100) === 0 ? test : test.skip;

describe('the files of the package', () => {
  test.each(Object.entries(scripts))('%s is a script that a plain shell understands', (_, text) => {
    expect(text).toMatch(/^#!\/bin\/sh\n/);
    expect(text).not.toContain('#CONFIGURE#');
    execFileSync('sh', ['-n'], { input: text });
  });

  describe('the command', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'venfleet-command-'));
      const program = (name: string, text: string) => writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
      program('id', 'echo 1000');
      program('node', 'echo "$MALLOC_ARENA_MAX $MALLOC_MMAP_THRESHOLD_ $*"');
      program('venfleet', scripts.venfleet.replaceAll(/\/(usr\/lib|etc)\/venfleet/g, folder));
      writeFileSync(join(folder, 'environment'), '');
    });
    afterAll(() => rmSync(folder, { recursive: true }));
    const printed = (env: NodeJS.ProcessEnv, ...args: string[]) =>
      execFileSync(join(folder, 'venfleet'), args, { env: { PATH: `${folder}:${process.env.PATH}`, ...env }, encoding: 'utf8' });

    test('hands its arguments on, with the secrets', () => {
      const node = `--env-file=${folder}/environment --disable-warning=DEP0169 ${folder}/venfleet.mjs`;
      expect(printed({}, 'run', '--every', '3600')).toContain(` ${node} run --every 3600\n`);
    });

    test('has memory go back to the system, unless the system says otherwise', () => {
      expect(printed({}, 'run')).toMatch(/^1 32768 /);
      expect(printed({ MALLOC_ARENA_MAX: '4', MALLOC_MMAP_THRESHOLD_: '131072' }, 'run')).toMatch(/^4 131072 /);
    });
  });

  test('the settings are ones that the agent takes, and say where the package keeps things', () => {
    const { vtn, db, state, outbox, run } = loadAgentConfig({ config: join(files, 'ven-agent.yaml') }, {});
    expect({ url: vtn.url, db, state, outbox, profiles: run.profiles }).toEqual({
      url: 'https://vtn.example.org/openadr3/3.1.0',
      db: '/var/lib/venfleet/resources.db',
      state: '/var/lib/venfleet/ven-agent.db',
      outbox: '/var/lib/venfleet/outbox.db',
      profiles: '/usr/share/venfleet/device-profiles',
    });
  });

  test('no secret is set as shipped', () => {
    const set = readFileSync(join(files, 'environment'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(set).toEqual([]);
  });

  withSystemd('the service may do little more than use the network and its own state', () => {
    expect(exposure(15)).toBe(0);
  });
});
