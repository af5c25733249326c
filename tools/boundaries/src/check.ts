import { join, posix } from 'node:path';
import { VenfleetError } from '@venfleet/core';
import { readTextFile } from '@venfleet/core/node';
import type { Finding } from './finding.js';
import { isIn, isOf, isTest, specifierRoot } from './match.js';
import { purityFindings } from './purity.js';
import { readSource, type Source } from './source.js';
import type { Boundaries } from './table.js';
import { type Package, readWorkspace, type Workspace } from './workspace.js';

export interface Report {
  readonly files: number;
  readonly imports: number;
  readonly findings: readonly Finding[];
}

/**
 * Holds a repository against its boundaries.
 * @returns every finding, sorted by file and line.
 * @throws VenfleetError when the repository's manifests cannot be read
 */
export function checkBoundaries(root: string, table: Boundaries): Report {
  const workspace = readWorkspace(root, table.roots);
  const { sources, findings } = readSources(workspace);
  for (const owner of workspace.packages) {
    findings.push(...placeFindings(owner, table), ...referenceFindings(owner, workspace, sources));
  }
  for (const [file, source] of sources) {
    const owner = workspace.packages.find(({ files }) => files.includes(file));
    findings.push(...importFindings(file, source, owner, workspace, table), ...fenceFindings(file, source, table));
  }
  findings.push(...purityFindings(sources, table));
  const imports = [...sources.values()].reduce((sum, source) => sum + source.imports.length, 0);
  return { files: sources.size, imports, findings: sorted(findings) };
}

/** By file and line; what a line does twice is told once. */
function sorted(findings: readonly Finding[]): Finding[] {
  const once = new Map(
    findings.map((finding) => [`${finding.file}:${finding.line}: ${finding.rule}: ${finding.instead}`, finding]),
  );
  return [...once.values()].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.rule.localeCompare(b.rule));
}

function readSources(workspace: Workspace): { sources: Map<string, Source>; findings: Finding[] } {
  const sources = new Map<string, Source>();
  const findings: Finding[] = [];
  for (const file of [...workspace.packages.flatMap(({ files }) => files), ...workspace.looseFiles]) {
    try {
      sources.set(file, readSource(file, readTextFile(join(workspace.root, file), 'the source file')));
    } catch (error) {
      if (!(error instanceof VenfleetError)) throw error;
      findings.push({ file, line: Number(error.context.line ?? 1), rule: 'unreadable', instead: error.message });
    }
  }
  return { sources, findings };
}

function placeFindings(owner: Package, table: Boundaries): Finding[] {
  const file = `${owner.folder}/package.json`;
  if (owner.name === undefined)
    return [{ file, line: 1, rule: 'no-package', instead: 'give the folder a package.json, or move its files' }];
  if (table.packages[owner.folder] !== undefined) return [];
  return [
    { file, line: 1, rule: 'unknown-package', instead: 'say in tools/boundaries/src/table.ts which packages it may import' },
  ];
}

/** What a package's tsconfig.json refers to must be what its sources import, no less and no more. */
function referenceFindings(owner: Package, { packages }: Workspace, sources: ReadonlyMap<string, Source>): Finding[] {
  if (owner.references === undefined) return [];
  const file = `${owner.folder}/tsconfig.json`;
  const imported = new Set(
    owner.files
      .filter((path) => !isTest(path))
      .flatMap((path) => sources.get(path)?.imports ?? [])
      .map(({ specifier }) => packages.find(({ name }) => name === specifierRoot(specifier))?.folder)
      .filter((folder) => folder !== undefined && folder !== owner.folder),
  );
  const referred = new Set(owner.references.map(({ folder }) => folder));
  return [
    ...owner.references
      .filter(({ folder }) => !imported.has(folder))
      .map(({ folder, line }) => ({
        file,
        line,
        rule: 'surplus-reference',
        instead: `drop the reference to ${folder}; no source imports it`,
      })),
    ...[...imported]
      .filter((folder) => !referred.has(folder as string))
      .map((folder) => ({
        file,
        line: 1,
        rule: 'missing-reference',
        instead: `add a reference to ${folder}, which the sources import`,
      })),
  ];
}

function importFindings(
  file: string,
  source: Source,
  owner: Package | undefined,
  { packages }: Workspace,
  table: Boundaries,
): Finding[] {
  return source.imports.flatMap(({ specifier, line }): Finding[] => {
    const found = (rule: string, instead: string) => [{ file, line, rule, instead }];
    if (/^(\.{0,2}\/|\.{1,2}$|file:)/.test(specifier)) {
      const home = owner?.folder ?? posix.dirname(file);
      const target = posix.join(posix.dirname(file), specifier);
      if (/^(\/|file:)/.test(specifier) || !`${target}/`.startsWith(`${home}/`)) {
        return found('leaves-package', `import ${specifier} by the name of its package`);
      }
      return isTest(target) && !isTest(file) ? found('imports-test', `move what ${specifier} gives into src`) : [];
    }
    const target = packages.find(({ name }) => name === specifierRoot(specifier));
    if (target === undefined) {
      return isOf(specifier, ['@venfleet/*']) ? found('unknown-package', `there is no package ${specifierRoot(specifier)}`) : [];
    }
    return crossings(file, specifier, owner, target, table).flatMap(([rule, instead]) => found(rule, instead));
  });
}

function crossings(
  file: string,
  specifier: string,
  owner: Package | undefined,
  target: Package,
  table: Boundaries,
): [string, string][] {
  const all: [string, string][] = [];
  const may = owner === undefined ? [] : (table.packages[owner.folder] ?? []);
  const known = owner === undefined || table.packages[owner.folder] !== undefined;
  if (!target.entryPoints.includes(specifier)) {
    all.push(['deep-import', `import one of ${target.entryPoints.join(', ') || 'nothing: the package exports nothing'}`]);
  }
  if (owner === target) {
    if (!isTest(file)) all.push(['own-name', 'import files of the same package by a relative path']);
    return all;
  }
  if (known && !may.includes(target.folder)) {
    all.push([
      'layer',
      `${owner?.folder ?? 'a file outside the packages'} may import ${may.join(', ') || 'no package'}, not ${target.folder}`,
    ]);
  }
  const declared = owner === undefined || owner.dependencies.includes(target.name ?? '');
  const forTests = isTest(file) && owner?.devDependencies.includes(target.name ?? '');
  if (!declared && !forTests) all.push(['undeclared', `add ${target.name} to the dependencies in ${owner?.folder}/package.json`]);
  return all;
}

function fenceFindings(file: string, { imports, globals }: Source, table: Boundaries): Finding[] {
  const findings: Finding[] = [];
  for (const { modules, allowed, instead } of table.fences) {
    if (isIn(file, allowed)) continue;
    for (const { specifier, line } of imports)
      if (isOf(specifier, modules)) findings.push({ file, line, rule: `fence ${specifierRoot(specifier)}`, instead });
  }
  for (const { names, modules, allowed, instead } of table.globals) {
    if (isIn(file, allowed)) continue;
    for (const { name, line } of globals)
      if (names.includes(name)) findings.push({ file, line, rule: `global ${name}`, instead });
    for (const { specifier, line, typeOnly, names: taken } of imports) {
      const harmless = typeOnly || (taken.length > 0 && taken.every((name) => modules.includes(`!${name}`)));
      if (!harmless && isOf(specifier, modules)) findings.push({ file, line, rule: `global ${specifier}`, instead });
    }
  }
  return findings;
}
