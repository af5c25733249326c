import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join, posix, relative } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { asInstalled } from './installed-text.js';

export interface BundleOptions {
  /** The repository. */
  readonly root: string;
  /** The JavaScript of better-sqlite3, by its path within the package. */
  readonly sqlite: ReadonlyMap<string, Buffer>;
  readonly version: string;
}

export interface Bundle {
  /** By the name beside the entry, `venfleet.mjs`. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** Modules that it loads from elsewhere: Node's own, and those that its users do without. */
  readonly externals: readonly string[];
  /** Folders of the npm packages that are part of it, relative to the repository. */
  readonly packages: readonly string[];
}

/** Serial ports, Bluetooth and speed-ups, which are not there: their users do without. */
export const DISPENSABLE = ['serialport', '@abandonware/noble', 'bufferutil', 'utf-8-validate'];

/** What CommonJS modules within an ES module need. */
const BANNER = `const require = process.getBuiltinModule('module').createRequire(import.meta.url);`;

/** The agent and the database's commands as one program; parts that not every command needs are files of their own. */
export async function bundle({ root, sqlite, version }: BundleOptions): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: { venfleet: join(root, 'tools/package-pi/src/venfleet.ts') },
    outdir: 'out',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    conditions: ['@venfleet/source'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    banner: { js: BANNER },
    define: { VENFLEET_VERSION: JSON.stringify(version) },
    external: DISPENSABLE,
    plugins: [installed(root), sqliteFrom(sqlite), lazyBuiltins()],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const files = new Map(outputFiles.map(({ path, contents }) => [relative(join(root, 'out'), path), Buffer.from(contents)]));
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const externals = [...new Set(imports.filter(({ external }) => external).map(({ path }) => path))].sort();
  return { files, externals, packages: packagesOf(Object.keys(metafile.inputs)) };
}

/** Our own sources, as an installed program has them. */
function installed(root: string): Plugin {
  const ours = new RegExp(`^${root.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}/(apps|libs|tools)/[^/]+/src/.*\\.ts$`);
  return {
    name: 'installed',
    setup({ onLoad }) {
      onLoad({ filter: ours }, ({ path }) => {
        const contents = asInstalled(readFileSync(path, 'utf8'))
          // What is loaded past esbuild (see there why) is bundled after all.
          .replace('const load = createRequire(import.meta.url);', '')
          .replaceAll(/\bload\('/g, "require('")
          // Of this form esbuild leaves out what nobody uses: two thirds of zod, as its messages in 50 languages.
          .replace("import { z } from 'zod'", "import * as z from 'zod'");
        return { contents, loader: 'ts' };
      });
    },
  };
}

/**
 * Modules of Node's own as CommonJS modules have them. `import` would read all that they export at once: of `http` also
 * WebSocket, for which Node loads all of its fetch, and of `crypto` its webcrypto: 6 MB that nobody uses.
 */
function lazyBuiltins(): Plugin {
  const namespace = 'builtin';
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(node:)?[a-z0-9_]+(\/[a-z]+)?$/ }, ({ path, kind }) =>
        kind === 'import-statement' && isBuiltin(path) ? { path: path.replace(/^node:/, ''), namespace } : undefined,
      );
      onLoad({ filter: /./, namespace }, ({ path }) => ({
        contents: `module.exports = process.getBuiltinModule('${path}');`,
      }));
    },
  };
}

/** The module loads its native part from beside the bundle, and does not look for it. */
const SQLITE_ENTRY = `
module.exports = require('./lib/database')(() => require('./better_sqlite3.node'), false);
module.exports.SqliteError = require('./lib/sqlite-error');
`;

/** From memory: the path of a temporary folder would be part of the bundle, and another one each time. */
function sqliteFrom(files: ReadonlyMap<string, Buffer>): Plugin {
  const namespace = 'better-sqlite3';
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^better-sqlite3$/ }, () => ({ path: 'installed.cjs', namespace }));
      onResolve({ filter: /^\./, namespace }, ({ path, importer }) => {
        if (path.endsWith('.node')) return { path, external: true };
        const name = posix.join(posix.dirname(importer), path);
        return { path: name.endsWith('.js') ? name : `${name}.js`, namespace };
      });
      onLoad({ filter: /./, namespace }, ({ path }) => {
        return { contents: path === 'installed.cjs' ? SQLITE_ENTRY : files.get(path), loader: 'js' };
      });
    },
  };
}

function packagesOf(inputs: readonly string[]): string[] {
  const folders = inputs.flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort();
}
