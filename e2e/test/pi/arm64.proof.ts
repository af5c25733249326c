/**
 * The package for arm64, which a Pi runs, under an emulator of its processor: its own Node, its own native module, all of
 * the agent's protocols. What systemd makes of it, package.proof.ts shows on this machine's processor.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jsonOf, run } from '../support/programs.js';
import { succeed } from './debian.js';
import { makePackage, openSite, type Site } from './site.js';

const PATIENCE = 240_000;
const EMULATOR = '/usr/bin/qemu-aarch64-static';
/** Debian's C and C++ libraries of the other processor. */
const LIBRARIES = '/usr/aarch64-linux-gnu';

const missing = [EMULATOR, `${LIBRARIES}/lib/libstdc++.so.6`, '/usr/bin/dpkg-deb'].filter((path) => !existsSync(path));
if (missing.length > 0) process.stdout.write(`skipped: the package for arm64 needs ${missing.join(', ')}\n`);
const emulated = missing.length > 0 ? describe.skip : describe;

let folder: string;
let installed: string;
let site: Site;
let env: NodeJS.ProcessEnv;

/** The command line of a command of the package. */
const command = (...args: string[]) => {
  const lib = join(installed, 'usr/lib/venfleet');
  return ['-L', LIBRARIES, join(lib, 'node'), join(lib, 'venfleet.mjs'), ...args];
};
const venfleet = (...args: string[]) => run(EMULATOR, command(...args), { env });

// Not run where everything is skipped.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-arm64-'));
  installed = join(folder, 'installed');
  const [deb, opened] = await Promise.all([makePackage(folder, '1.0.0', 'arm64'), openSite(folder)]);
  site = opened;
  await succeed('dpkg-deb', ['--extract', deb, installed]);
  const config = join(folder, 'ven-agent.yaml');
  const metering = { profiles: join(installed, 'usr/share/venfleet/device-profiles') };
  // JSON is YAML.
  writeFileSync(config, JSON.stringify({ version: 1, vtn: { url: site.url }, metering, ops: { port: 0 } }));
  env = {
    VENFLEET_CONFIG: config,
    VENFLEET_DB: site.database,
    VENFLEET_STATE: join(folder, 'agent.db'),
    VENFLEET_CLIENT_ID: site.client.clientId,
    VENFLEET_CLIENT_SECRET: site.client.clientSecret,
  };
}, PATIENCE);

afterAll(async () => {
  await site?.stop();
  rmSync(folder, { recursive: true, force: true });
}, PATIENCE);

emulated('the package for arm64, emulated', () => {
  test(
    'opens databases, and takes the connections on site',
    async () => {
      expect((await venfleet('--version')).stdout).toBe('1.0.0\n');
      const imported = await venfleet(
        ...['import-connections', site.connections, '--db', site.database, '--json'],
        ...['--profiles', join(installed, 'usr/share/venfleet/device-profiles')],
      );
      expect(jsonOf(imported)).toMatchObject({ created: 0, removed: 0, unnamed: [] });
    },
    PATIENCE,
  );

  test(
    'registers, and reads every meter and controller',
    async () => {
      expect(await venfleet('register', '--json')).toMatchObject({ status: 0 });
      const checked = await venfleet('check', '--live');
      expect(checked.stdout).not.toMatch(/^fail/m);
      expect(checked.stdout.match(/^ok {4}meter .*: \d+\.\d\d kW/gm)).toHaveLength(8);
    },
    PATIENCE,
  );

  test(
    'meters until it is stopped, and ends cleanly',
    async () => {
      const agent = spawn(EMULATOR, command('run', '--every', '1', '--json'), {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let errors = '';
      agent.stderr.on('data', (text) => (errors += text));
      const ended = new Promise((resolve) => agent.once('exit', (status) => resolve(status)));
      for await (const line of createInterface({ input: agent.stdout }))
        if (JSON.parse(line).answering === 8) agent.kill('SIGTERM');
      expect([await ended, errors]).toEqual([0, expect.not.stringMatching(/"level":50|unrecognized/)]);
    },
    PATIENCE,
  );
});
