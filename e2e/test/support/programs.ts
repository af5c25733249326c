import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll } from '@jest/globals';

export const root = resolve(import.meta.dirname, '../../..');

export const programs = {
  'resource-db': join(root, 'libs/resource-db/dist/main.js'),
  'device-sim': join(root, 'apps/device-sim/dist/main.js'),
  'vtn-mock': join(root, 'apps/vtn-mock/dist/main.js'),
  'ven-agent': join(root, 'apps/ven-agent/dist/main.js'),
} as const;

export interface Outcome {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called as soon as the child runs, to kill it at a moment of the test's choosing. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void, stdout: Readable, pid: number) => void;
}

/** Runs a command to its end, as a user would, and returns what it said. */
export function run(command: string, args: readonly string[], { env, cwd = root, onStart }: RunOptions = {}): Promise<Outcome> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (chunk) => chunks.stdout.push(chunk));
    child.stderr.on('data', (chunk) => chunks.stderr.push(chunk));
    child.on('error', fail);
    child.on('close', (status, signal) =>
      done({ status, signal, stdout: Buffer.concat(chunks.stdout).toString(), stderr: Buffer.concat(chunks.stderr).toString() }),
    );
    onStart?.((s) => child.kill(s), child.stdout, child.pid ?? 0);
  });
}

/** Runs one of our built programs. */
export function runProgram(name: keyof typeof programs, args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return run(process.execPath, [programs[name], ...args], options);
}

/** The last line of JSON that a command printed, wherever Nx or npm put their own lines around it. */
export function jsonOf<T>(outcome: Outcome): T {
  const line = outcome.stdout.split('\n').findLast((l) => l.startsWith('{'));
  if (line === undefined) throw new Error(`no JSON was printed; status ${outcome.status}\n${outcome.stdout}\n${outcome.stderr}`);
  return JSON.parse(line) as T;
}

/** A folder for one test file, removed at its end. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'venfleet-e2e-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A port that was free a moment ago, for programs that must be told one; `wanted` itself, or it fails. */
export function freePort(wanted = 0): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.on('error', fail);
    server.listen(wanted, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

/** The environment without what would steer the programs or Jest's children. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(VENFLEET_|NODE_OPTIONS$|JEST_|npm_config_)/.test(name)),
  );
}
