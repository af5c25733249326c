/**
 * What `npm start` and `npm test` need before anything else: packages installed as the lockfile says,
 * the native part of better-sqlite3 in working order, everything compiled. Depends on Node alone, does
 * nothing that is done already, and says what it does.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const LEAST_NODE = [20, 19];
/** Holds the hash of the lockfile that node_modules was installed from. */
const stamp = join(root, 'node_modules', '.installed-lockfile');

function fail(message) {
  process.stderr.write(`bootstrap: ${message}\n`);
  process.exit(1);
}

function run(command, args, { quiet = false } = {}) {
  // Standard output is left to the command that the user asked for.
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: quiet ? 'ignore' : ['ignore', 2, 2],
    env: environment(),
    shell: process.platform === 'win32',
  });
  return result.status === 0;
}

/** node-gyp compiles against the headers beside this Node where they are, instead of downloading them. */
function environment() {
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  return headers && process.env.npm_config_nodedir === undefined ? { ...process.env, npm_config_nodedir: prefix } : process.env;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1])) {
    fail(`venfleet needs Node ${LEAST_NODE.join('.')} or newer; this is ${process.versions.node}`);
  }
}

function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('bootstrap: installing packages (once; a minute or two when better-sqlite3 has to be compiled) …\n');
  // Not `npm ci`: it refuses a lockfile that lacks some other platform's optional binaries.
  if (!run('npm', ['install', '--no-save', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])) {
    fail(
      'npm install failed; it needs the npm registry and, where no prebuilt better-sqlite3 can be had, python3, make and a C++ compiler',
    );
  }
  writeFileSync(stamp, wanted);
}

/** A Node of another major version cannot load what was compiled for the last one. */
function checkNative() {
  const probe = ['-e', "new (require('better-sqlite3'))(':memory:').close()"];
  if (run(process.execPath, probe, { quiet: true })) return;
  process.stderr.write('bootstrap: compiling better-sqlite3 for this Node …\n');
  if (!run('npm', ['rebuild', 'better-sqlite3']) || !run(process.execPath, probe)) {
    fail('better-sqlite3 cannot be loaded; it needs python3, make and a C++ compiler to be built');
  }
}

checkNode();
install();
checkNative();
if (!run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b']))
  fail('the TypeScript build failed (see above)');
if (!run(process.execPath, [join(root, 'apps', 'console', 'build.mjs')])) fail("building the console's page failed (see above)");
