import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createProgram, printResult, runCli, usageError } from '@venfleet/core/node';
import { architecturesOf } from './architectures.js';
import { type Made, makePackages } from './make.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

interface Flags {
  readonly arch: string;
  readonly out: string;
  readonly deb: boolean;
  readonly tar: boolean;
  readonly packageVersion?: string;
  readonly node?: string;
  readonly sqliteModule?: string;
  readonly json?: boolean;
}

const program = createProgram('npm run package:pi --', 'Makes packages of the agent for machines on site: .deb and .tar.gz')
  .option('--arch <name>', 'arm64 (a Pi 3, 4, 5 with a 64-bit system), amd64, armv7l, or all: arm64 and amd64', 'arm64')
  .option('--out <dir>', 'where they go', 'packages')
  .option('--no-deb', 'no .deb')
  .option('--no-tar', 'no .tar.gz')
  .option('--package-version <version>', 'the version they have (default: that of package.json)')
  .option('--node <file>', "a .tar.gz of Node in the place of npm's, for armv7l: node-v22.…-linux-armv7l.tar.gz of nodejs.org")
  .option('--sqlite-module <file>', 'a better_sqlite3.node in the place of the prebuilt one')
  .option('--json', 'print the result as one line of JSON')
  .action(async (flags: Flags) => {
    const architectures = architecturesOf(flags.arch);
    if (!flags.deb && !flags.tar) throw usageError('with --no-deb and --no-tar there is nothing to make');
    if (architectures.length > 1 && (flags.node ?? flags.sqliteModule) !== undefined) {
      throw usageError('--node and --sqlite-module are for one architecture', 'name it with --arch');
    }
    const made: Made[] = [];
    for (const architecture of architectures) {
      const { out, deb, tar, node, sqliteModule } = flags;
      const version = versionOf(flags.packageVersion);
      made.push(
        ...(await makePackages(architecture, {
          root,
          cache: cacheFolder(),
          version,
          out,
          deb,
          tar,
          node,
          sqliteModule,
          mtime: mtime(),
        })),
      );
    }
    printResult(flags.json, { made }, () => made.map(({ path, bytes }) => `${path}  ${(bytes / 1e6).toFixed(1)} MB`).join('\n'));
  });

await runCli(program);

/** Debian's form of a version; what dpkg would refuse comes to light here. */
function versionOf(given: string | undefined): string {
  const version = given ?? JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  if (/^\d[A-Za-z0-9.+~]*$/.test(version)) return version;
  throw usageError(`${version} is no version of a package`, 'it begins with a digit, as 0.1.0 or 0.2.0~rc1');
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), or when the sources were last changed. */
function mtime(): Date {
  const given = process.env.SOURCE_DATE_EPOCH ?? lastCommit();
  if (!/^\d{1,11}$/.test(given)) throw usageError(`SOURCE_DATE_EPOCH=${given} is no number of seconds`);
  return new Date(Number(given) * 1000);
}

function lastCommit(): string {
  try {
    return execFileSync('git', ['log', '-1', '--format=%ct'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    // Sources without their history: a time that is the same each time.
    return '1577836800';
  }
}

function cacheFolder(): string {
  return (
    process.env.VENFLEET_PACKAGE_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'venfleet/package-pi')
  );
}
