import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { parse, parseAllDocuments } from 'yaml';
import { root } from './programs.js';

export const K8S = join(root, 'deploy/k8s');

/** An object for Kubernetes, and the file that it is in. */
export interface Manifest {
  readonly file: string;
  readonly object: { readonly apiVersion: string; readonly kind: string; readonly metadata: { readonly name: string } };
}

/** All objects in the YAML files below a folder; kustomize's own files and settings are none. */
export function manifestsBelow(folder: string): Manifest[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('kustomization.yaml'))
    .sort()
    .flatMap((name) => manifestsOf(readFileSync(join(folder, name), 'utf8'), relative(root, join(folder, name))));
}

export function manifestsOf(yaml: string, file: string): Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest['object'])
    .filter((object) => object?.kind !== undefined)
    .map((object) => ({ file, object }));
}

/** A kustomization.yaml, as far as tests look at it. */
export interface Kustomization {
  readonly resources: readonly string[];
  readonly components: readonly string[];
  readonly replicas: readonly { readonly name: string; readonly count: number }[];
  readonly configMapGenerator: readonly { readonly name: string; readonly literals?: readonly string[] }[];
}

export function overlay(name: string): Kustomization {
  return parse(readFileSync(join(K8S, 'overlays', name, 'kustomization.yaml'), 'utf8')) as Kustomization;
}

/** The words of a program that builds overlays; undefined where there is none. */
export const kustomize = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
].find(([program]) => {
  try {
    execFileSync('which', [program as string], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
});

export function buildOverlay(name: string): Manifest[] {
  const [program, ...words] = kustomize as string[];
  const yaml = execFileSync(program as string, [...words, join(K8S, 'overlays', name)], { encoding: 'utf8' });
  return manifestsOf(yaml, `overlays/${name}, built`);
}

/** Where the types of a group's objects are: `apps/v1`, `core/v1`, `networking/v1`. */
function typesOf(apiVersion: string): string {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  return `kubernetes-types/${(group as string).replace(/\.k8s\.io$/, '')}/${version}`;
}

/**
 * Holds objects against the types of Kubernetes' own API description, by the compiler: a field that is unknown, missing or
 * of another type is an error, as with `kubectl apply --validate=strict`.
 * @returns what is wrong, each as `FILE: reason`; empty when all is well
 */
export function mistakesIn(manifests: readonly Manifest[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'venfleet-manifests-'));
  try {
    const lines = manifests.map(
      ({ object }, i) =>
        `export const o${i}: import('${typesOf(object.apiVersion)}').${object.kind} = ${JSON.stringify(object)};`,
    );
    writeFileSync(join(folder, 'manifests.ts'), `${lines.join('\n')}\n`);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      module: 'nodenext',
      types: [],
      paths: { 'kubernetes-types/*': [join(root, 'node_modules/kubernetes-types/*.d.ts')] },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }));
    return compile(folder).map(([line, reason]) => `${manifests[line - 1]?.file ?? folder}: ${reason}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The compiler's errors, by line of manifests.ts. */
function compile(folder: string): [line: number, reason: string][] {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
    });
    return [];
  } catch (error) {
    const { stdout = '' } = error as { stdout?: string };
    const found = [...stdout.matchAll(/^[^\n]*?\((\d+),\d+\): error (?:TS\d+: )?([^\n]*(?:\n +[^\n]*)*)/gm)];
    return found.length > 0 ? found.map(([, line, reason]) => [Number(line), reason as string]) : [[0, stdout || String(error)]];
  }
}

/** What an object runs, if it runs anything. */
export function podOf({ object }: Manifest): PodSpec | undefined {
  return object.kind === 'StatefulSet' ? (object as unknown as StatefulSet).spec?.template.spec : undefined;
}

export function containersOf(pod: PodSpec): Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers];
}
