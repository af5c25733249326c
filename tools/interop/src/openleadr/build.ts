import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '@venfleet/core';
import type { Processes } from '../processes.js';
import { skipped } from '../steps.js';
import type { OpenleadrKind } from './kinds.js';

/** Of a development build, which takes a third of the time, hashing secrets is the one thing that is too slow. */
const OPTIMISED = ['argon2', 'blake2'].flatMap((name) => ['--config', `profile.dev.package.${name}.opt-level=3`]);

export interface BuildOptions {
  /** false: only what is built already; building takes about ten minutes of two cores. */
  readonly mayBuild: boolean;
  /** As it is meant to be run, for benchmarks: optimised, which takes longer. */
  readonly isOptimised?: boolean;
}

/**
 * The program of an openleadr-vtn release, built by Cargo from crates.io unless that has been done already.
 * @throws VenfleetError INTEROP_SKIPPED when it cannot be had
 */
export async function openleadrVtn(
  processes: Processes,
  cache: string,
  kind: OpenleadrKind,
  { mayBuild, isOptimised = false }: BuildOptions,
): Promise<{ program: string; built: boolean }> {
  const name = `openleadr-vtn-${kind.version}`;
  const root = join(cache, isOptimised ? `${name}-optimised` : name);
  const program = join(root, 'bin/openleadr-vtn');
  if (existsSync(program)) return { program, built: false };
  if (!mayBuild) throw skipped(`${name} is not built yet${isOptimised ? ' with optimisation' : ''}, and was not to be`);
  const features = kind.cargoFeatures.flatMap((feature) => ['--features', feature]);
  const profile = isOptimised ? [] : ['--debug', ...OPTIMISED];
  const args = ['openleadr-vtn', '--version', kind.version, '--locked', ...profile, ...features, '--root', root];
  try {
    // Both releases share much of what they are made of.
    await processes.run('cargo', ['install', ...args], { env: { CARGO_TARGET_DIR: join(cache, 'target') } });
  } catch (error) {
    throw skipped(`Cargo does not build ${name}: ${describeError(error)}`, error);
  }
  return { program, built: true };
}
