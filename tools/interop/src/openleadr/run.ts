import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, seconds, silentLogger, systemRandom } from '@venfleet/core';
import { createHttpTransport, loadCredentials } from '@venfleet/openadr';
import type { Processes } from '../processes.js';
import { isSkipped, Steps } from '../steps.js';
import { OurSide } from './agent.js';
import { openleadrVtn } from './build.js';
import { type Fleet, prepareFleet } from './fleet.js';
import { KINDS, type OpenleadrKind } from './kinds.js';
import { Operator } from './operator.js';
import { type Postgres, startPostgres } from './postgres.js';
import { runScenario } from './scenario.js';
import { startOpenleadr } from './vtn.js';

export interface OpenleadrOptions {
  readonly processes: Processes;
  readonly cache: string;
  /** A new folder for everything else. */
  readonly folder: string;
  readonly mayBuild: boolean;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/** Runs our agent against each release of openleadr-vtn that can be had. @throws what the first failing step throws */
export async function runOpenleadr(options: OpenleadrOptions): Promise<void> {
  const { processes, cache, folder, mayBuild, clock, say } = options;
  const found: { kind: OpenleadrKind; program: string }[] = [];
  await skipping(say, 'openleadr-vtn', async () => {
    for (const kind of KINDS) {
      await skipping(say, `openleadr-vtn ${kind.version}`, async () => {
        const { program, built } = await openleadrVtn(processes, cache, kind, { mayBuild });
        say(`openleadr-vtn ${kind.version}: ${built ? 'built' : 'was built before'}`);
        found.push({ kind, program });
      });
    }
    if (found.length === 0) return;
    const postgres = await startPostgres(processes, cache, folder, clock);
    try {
      say(postgres.version);
      const fleet = await prepareFleet(processes, folder);
      for (const { kind, program } of found) {
        say(`openleadr-vtn ${kind.version}, OpenADR ${kind.speaks}`);
        await skipping(say, `openleadr-vtn ${kind.version}`, () => meet(options, kind, program, postgres, fleet));
      }
    } finally {
      await postgres.stop();
    }
  });
}

/** Builds each release with optimisation, for the benchmarks. */
export async function buildOptimised({ processes, cache, say }: Pick<OpenleadrOptions, 'processes' | 'cache' | 'say'>) {
  for (const kind of KINDS) {
    await skipping(say, `openleadr-vtn ${kind.version}`, async () => {
      const { program, built } = await openleadrVtn(processes, cache, kind, { mayBuild: true, isOptimised: true });
      say(`openleadr-vtn ${kind.version}: ${program}${built ? '' : ', built before'}`);
    });
  }
}

async function meet(
  { processes, folder, clock, say }: OpenleadrOptions,
  kind: OpenleadrKind,
  program: string,
  postgres: Postgres,
  fleet: Fleet,
): Promise<void> {
  const at = join(folder, kind.version);
  mkdirSync(at);
  const transport = createHttpTransport({ clock, logger: silentLogger, requestTimeout: seconds(60) });
  const ports = { transport, clock, random: systemRandom, logger: silentLogger };
  const vtn = await startOpenleadr({ processes, transport, clock }, kind, program, postgres);
  const ours = new OurSide({ processes, fleet, folder: at, url: vtn.url, transport, clock });
  try {
    const operator = new Operator({ kind, url: vtn.url, clients: loadCredentials(fleet.credentials).clients, ...ports });
    await runScenario({ steps: new Steps(clock, say), fleet, ours, operator });
  } finally {
    await ours.stop();
    await transport.close();
    await vtn.stop();
  }
}

/** What cannot be had here is told, and is no failure. */
async function skipping(say: (line: string) => void, what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isSkipped(error)) throw error;
    say(`skipped: ${what}: ${error.message}`);
  }
}
