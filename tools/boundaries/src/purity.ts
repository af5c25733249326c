import { posix } from 'node:path';
import type { Finding } from './finding.js';
import { isIn, isOf, specifierRoot } from './match.js';
import type { Import, Source } from './source.js';
import type { Boundaries } from './table.js';

/** Zones that compute and do nothing else import no input or output, neither themselves nor through files of their package. */
export function purityFindings(sources: ReadonlyMap<string, Source>, table: Boundaries): Finding[] {
  const findings: Finding[] = [];
  for (const [file, source] of sources) {
    if (!isIn(file, table.pure.zones)) continue;
    for (const imported of source.imports) {
      const chain = pathToIo(file, imported, sources, table, new Set([file]));
      if (chain === undefined) continue;
      findings.push({
        file,
        line: imported.line,
        rule: 'pure',
        instead: `take the data as an argument; this does I/O: ${chain.join(' → ')}`,
      });
    }
  }
  return findings;
}

/** The way from an import to the first module that does I/O; undefined when there is none. */
function pathToIo(
  file: string,
  { specifier, typeOnly }: Import,
  sources: ReadonlyMap<string, Source>,
  table: Boundaries,
  seen: Set<string>,
): string[] | undefined {
  if (typeOnly) return undefined;
  if (!specifier.startsWith('.')) return doesIo(specifier, table) ? [specifier] : undefined;
  const target = posix.join(posix.dirname(file), specifier).replace(/\.([cm]?)js$/, '.$1ts');
  if (target.split('/').some((part) => table.pure.impureFolders.includes(part))) return [specifier];
  const source = sources.get(target);
  if (source === undefined || seen.has(target)) return undefined;
  seen.add(target);
  for (const next of source.imports) {
    const rest = pathToIo(target, next, sources, table, seen);
    if (rest !== undefined) return [specifier, ...rest];
  }
  return undefined;
}

/** Node's modules but for a few, fenced modules, and entry points of ours that hold such code. */
function doesIo(specifier: string, { pure, fences }: Boundaries): boolean {
  const root = specifierRoot(specifier);
  if (root.startsWith('node:')) return !pure.nodeModules.includes(root);
  const ownEntryPoint =
    root.startsWith('@venfleet/') &&
    specifier
      .slice(root.length + 1)
      .split('/')
      .some((part) => pure.impureFolders.includes(part));
  return ownEntryPoint || root === '@venfleet/sqlite' || fences.some(({ modules }) => isOf(specifier, modules));
}
