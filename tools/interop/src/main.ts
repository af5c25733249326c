import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@venfleet/core';
import { addCommand, createProgram, runCli, shutdownSignal } from '@venfleet/core/node';
import { cacheFolder } from './cache.js';
import { runOpenleadr } from './openleadr/run.js';
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

await runCli(program);
