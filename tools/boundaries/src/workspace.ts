import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { readTextFile } from '@venfleet/core/node';

/** One npm workspace, as its package.json and tsconfig.json declare it. Paths are relative to the root, with slashes. */
export interface Package {
  /** `libs/core` */
  readonly folder: string;
  /** `@venfleet/core`; undefined without a package.json. */
  readonly name: string | undefined;
  /** What others may import: `@venfleet/core`, `@venfleet/core/node`, … */
  readonly entryPoints: readonly string[];
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** Folders that its tsconfig.json refers to, with their lines; undefined without a tsconfig.json. */
  readonly references: readonly { readonly folder: string; readonly line: number }[] | undefined;
  /** Its source files, and those alone. */
  readonly files: readonly string[];
}

export interface Workspace {
  readonly root: string;
  readonly packages: readonly Package[];
  /** Source files that belong to no package. */
  readonly looseFiles: readonly string[];
}

const SOURCE = /\.[cm]?[jt]sx?$/;
const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);

/**
 * Finds the packages below the `roots` of a repository: each root's folders, or the root itself when it has a package.json.
 * @throws VenfleetError WORKSPACE_MISSING, FILE_UNREADABLE, MANIFEST_INVALID
 */
export function readWorkspace(root: string, roots: readonly string[]): Workspace {
  const present = roots.filter((folder) => existsSync(join(root, folder)));
  if (present.length === 0) {
    throw new VenfleetError('WORKSPACE_MISSING', `there is none of ${roots.join(', ')} in ${root}`, {
      hint: 'name the root of the repository',
      context: { root },
    });
  }
  const folders = present.flatMap((top) => (existsSync(join(root, top, 'package.json')) ? [top] : subfolders(root, top)));
  const packages = folders.map((folder) => readPackage(root, folder)).filter((p) => p.name !== undefined || p.files.length > 0);
  const looseFiles = present.filter((top) => !folders.includes(top)).flatMap((top) => sourceFiles(root, top, false));
  return { root, packages, looseFiles };
}

function readPackage(root: string, folder: string): Package {
  const manifest = (readJson(root, `${folder}/package.json`) ?? {}) as {
    name?: string;
    exports?: Record<string, unknown>;
    dependencies?: Record<string, string>;
    devDependencies?: Record<string, string>;
  };
  const { name } = manifest;
  return {
    folder,
    name,
    entryPoints: Object.keys(manifest.exports ?? {}).map((path) => `${name}${path.slice(1)}`),
    dependencies: Object.keys(manifest.dependencies ?? {}),
    devDependencies: Object.keys(manifest.devDependencies ?? {}),
    references: readReferences(root, folder),
    files: sourceFiles(root, folder, true),
  };
}

function readReferences(root: string, folder: string): Package['references'] {
  const path = `${folder}/tsconfig.json`;
  const config = readJson(root, path) as { references?: { path: string }[] } | undefined;
  if (config === undefined) return undefined;
  const lines = readTextFile(join(root, path), 'the TypeScript configuration').split('\n');
  return (config.references ?? []).map((reference) => ({
    folder: join(folder, reference.path).replaceAll('\\', '/').replace(/\/$/, ''),
    line: lines.findIndex((line) => line.includes(JSON.stringify(reference.path))) + 1,
  }));
}

function readJson(root: string, path: string): unknown {
  if (!existsSync(join(root, path))) return undefined;
  try {
    return JSON.parse(readTextFile(join(root, path), 'the manifest'));
  } catch (cause) {
    if (cause instanceof VenfleetError) throw cause;
    throw new VenfleetError('MANIFEST_INVALID', `${path} is no JSON`, { cause, context: { path } });
  }
}

const isSkipped = (name: string): boolean => name.startsWith('.') || SKIPPED.has(name);

function subfolders(root: string, folder: string): string[] {
  const names = readdirSync(join(root, folder)).filter(
    (name) => !isSkipped(name) && statSync(join(root, folder, name)).isDirectory(),
  );
  return names.sort().map((name) => `${folder}/${name}`);
}

function sourceFiles(root: string, folder: string, deep: boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (isSkipped(entry.name)) return [];
    if (entry.isDirectory()) return deep ? sourceFiles(root, path, true) : [];
    return SOURCE.test(entry.name) ? [path] : [];
  });
}
