import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@venfleet/core';
import { addCommand, createProgram, runCli, shutdownSignal } from '@venfleet/core/node';
import { cacheFolder } from './cache.js';
import { runOpenadr3Client } from './openadr3-client.js';
import { buildOptimised, runOpenleadr } from './openleadr/run.js';
import { runClientTests } from './openleadr-client/run.js';
import { Processes } from './processes.js';

/** Runs something with a folder and child processes that are gone afterwards. */
async function within(work: (place: { processes: Processes; folder: string; cache: string }) => Promise<void>): Promise<void> {
  const processes = new Processes(shutdownSignal());
  const folder = mkdtempSync(join(tmpdir(), 'venfleet-interop-'));
  try {
    await work({ processes, folder, cache: cacheFolder(process.env) });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

const program = createProgram(
  'npm run interop --',
  'Holds venfleet against OpenADR programs of others. What cannot be had is skipped, and says so',
);

addCommand(program, 'openleadr', 'Runs the agent against openleadr-vtn 0.1.4 and 0.2.4, from registration to unregistration')
  .option('--cached', 'only with what has been built before: Cargo takes about ten minutes for each release')
  .action(({ cached }: { cached?: boolean }) =>
    within((place) => runOpenleadr({ ...place, mayBuild: !cached, clock: systemClock, say })),
  );

addCommand(program, 'build-optimised', 'Builds openleadr-vtn 0.1.4 and 0.2.4 with optimisation, for the benchmarks').action(() =>
  within((place) => buildOptimised({ ...place, say })),
);

addCommand(program, 'openleadr-client', 'Runs the tests of openleadr-client 0.1.4 and 0.2.4 against the mock VTN')
  .option('--cached', 'only with what has been built before: Cargo takes some minutes')
  .action(({ cached }: { cached?: boolean }) =>
    within((place) => runClientTests({ ...place, mayBuild: !cached, clock: systemClock, say })),
  );

addCommand(
  program,
  'openadr3-client',
  "Has ElaadNL's client for Python use the mock VTN: every kind of object, both versions",
).action(() => within((place) => runOpenadr3Client({ ...place, clock: systemClock, say })));

await runCli(program);
