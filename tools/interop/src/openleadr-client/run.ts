import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Clock, describeError } from '@venfleet/core';
import type { WireVersion } from '@venfleet/openadr';
import { type Postgres, startPostgres } from '../openleadr/postgres.js';
import { type Processes, ROOT } from '../processes.js';
import { failed, isSkipped, Steps, skipped } from '../steps.js';

/** The releases of openleadr-client whose own tests are aimed at our mock. */
const RELEASES = [
  { version: '0.1.4', speaks: '3.0.1' },
  { version: '0.2.4', speaks: '3.1.0' },
] as const;
type Release = (typeof RELEASES)[number];

/** Each has so many, of vens, resources, programs and events. */
const TESTS = 17;

const STUBS = join(ROOT, 'tools/interop/openleadr-client-tests');

export interface ClientTestOptions {
  readonly processes: Processes;
  readonly cache: string;
  /** A new folder for everything else. */
  readonly folder: string;
  readonly mayBuild: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/**
 * Runs the tests that openleadr-client comes with, unchanged, against vtn-mock. They name openleadr-vtn, which they run
 * themselves where they are not aimed at a URL; a stub of it spares building that. Their database is made and filled by
 * the tests and used by nobody.
 * @throws what the first failing step throws
 */
export async function runClientTests(options: ClientTestOptions): Promise<void> {
  const { processes, cache, folder, mayBuild, clock, say } = options;
  try {
    if (!mayBuild) for (const release of RELEASES) requireBuilt(cache, release);
    const postgres = await startPostgres(processes, cache, folder, clock);
    const vtn = await processes.startVenfleet<{ rootUrls: Record<WireVersion, string> }>('vtn-mock', [
      ...['serve', '--port', '0', '--root-port', '3.0.1=0', '--root-port', '3.1.0=0', '--no-mqtt', '--json'],
      ...['--quirks', 'openleadr', '--clients', join(folder, 'credentials.json')],
    ]);
    try {
      const steps = new Steps(clock, say);
      for (const release of RELEASES) {
        await steps.step(`openleadr-client ${release.version}`, () =>
          test(options, release, vtn.facts.rootUrls[release.speaks], postgres),
        );
      }
    } finally {
      await vtn.child.stop();
      await postgres.stop();
    }
  } catch (error) {
    if (!isSkipped(error)) throw error;
    say(`skipped: openleadr-client: ${error.message}`);
  }
}

/** Written when the tests of a release have passed, which takes that they are built. */
const builtMark = (cache: string, { version }: Release): string => join(cache, `openleadr-client-${version}`, '.built');

/** @throws VenfleetError INTEROP_SKIPPED */
function requireBuilt(cache: string, release: Release): void {
  if (existsSync(builtMark(cache, release))) return;
  throw skipped(`the tests of ${release.version} are not built yet, and were not to be`);
}

async function test(
  { processes, cache, mayBuild }: ClientTestOptions,
  release: Release,
  url: string,
  postgres: Postgres,
): Promise<string> {
  const at = await unpack(processes, cache, release);
  const database = await postgres.create(`client_${release.version.replaceAll('.', '_')}`);
  const build = ['--manifest-path', join(at, 'Cargo.toml'), '--jobs', '1', ...(mayBuild ? [] : ['--offline'])];
  const args = ['test', ...build, '--test', '*', '--', '--test-threads=1'];
  const env = {
    CARGO_TARGET_DIR: join(cache, 'target-client'),
    // Without debug information building takes half as long.
    CARGO_PROFILE_TEST_DEBUG: '0',
    CARGO_PROFILE_DEV_DEBUG: '0',
    DATABASE_URL: database,
    OPENADR_VTN_URL: `${url}/`,
    OPENLEADR_RS_VTN_URL: `${url}/`,
  };
  const output = await processes.run('cargo', args, { env, cwd: at });
  const passed = [...output.matchAll(/^test result: ok\. (\d+) passed/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  if (passed !== TESTS) throw failed(`${passed} of its tests passed, not ${TESTS}`);
  writeFileSync(builtMark(cache, release), '');
  return `${passed} tests pass at a VTN of ${release.speaks}`;
}

/** The crate as Cargo fetched it, with the stub in the place of openleadr-vtn; kept, so that it is built once. */
async function unpack(processes: Processes, cache: string, { version }: Release): Promise<string> {
  const at = join(cache, `openleadr-client-${version}`);
  const stub = join(cache, `openleadr-client-${version}-stub`);
  const done = join(at, '.env');
  if (existsSync(done)) return at;
  try {
    await processes.run('cargo', ['info', `openleadr-client@${version}`, '--quiet']);
  } catch (error) {
    throw skipped(`Cargo does not have openleadr-client ${version}: ${describeError(error)}`, error);
  }
  cpSync(registered(`openleadr-client-${version}`), at, { recursive: true });
  mkdirSync(join(stub, 'src'), { recursive: true });
  cpSync(join(STUBS, version, 'lib.rs'), join(stub, 'src/lib.rs'));
  writeFileSync(join(stub, 'Cargo.toml'), stubManifest(version));
  const manifest = readFileSync(join(at, 'Cargo.toml'), 'utf8');
  // The package of 0.2.4 leaves the dependency out, as it was a path.
  const named = manifest.includes('[dev-dependencies.openleadr-vtn]')
    ? ''
    : `[dev-dependencies.openleadr-vtn]\nversion = "${version}"\n`;
  writeFileSync(join(at, 'Cargo.toml'), `${manifest}\n${named}\n[patch.crates-io]\nopenleadr-vtn = { path = "${stub}" }\n`);
  // The tests insist on one.
  writeFileSync(done, '');
  return at;
}

const stubManifest = (version: string) => `[package]
name = "openleadr-vtn"
version = "${version}"
edition = "2021"

[dependencies]
axum = { version = "0.8", default-features = false }
sqlx = { version = "0.8", default-features = false, features = ["postgres"] }
`;

/** Where Cargo keeps the sources of a crate. @throws VenfleetError INTEROP_SKIPPED */
function registered(crate: string): string {
  const sources = join(process.env.CARGO_HOME ?? join(homedir(), '.cargo'), 'registry/src');
  const registries = existsSync(sources) ? readdirSync(sources) : [];
  const found = registries.map((registry) => join(sources, registry, crate)).find((path) => existsSync(path));
  if (found === undefined) throw skipped(`Cargo has not unpacked ${crate}`);
  return found;
}
