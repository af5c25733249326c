import { join } from 'node:path';
import { seconds, systemClock } from '@venfleet/core';
import { simulateFleet } from '../devices.js';
import { bareNodeMemory, residentMemory } from '../metrics.js';
import type { Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';

const SIZE = {
  full: { vens: 158, settling: seconds(90), round: seconds(20) },
  smoke: { vens: 3, settling: seconds(1), round: seconds(1) },
};
/** How often the memory is looked at. */
const LOOK = seconds(1);

export const simMemoryRow: Row = {
  name: 'sim-memory',
  what: 'resident memory of the device simulator, greatest of a look each second; the whole fleet is up, read by an agent every 10 s',
  against: 'a Node process that does nothing',
  unit: 'MB',
  target: { atMost: 4 },
  async prepare(place) {
    const { vens, settling, round } = place.smoke ? SIZE.smoke : SIZE.full;
    const { db, profiles, ops } = await simulateFleet(place, vens);
    await startReader(place, ['--db', db, '--profiles', profiles, '--limit', String(vens)]);
    await systemClock.sleep(settling, place.signal);
    return {
      async ours() {
        let greatest = 0;
        for (const end = systemClock.monotonic() + round; systemClock.monotonic() < end; ) {
          await systemClock.sleep(LOOK, place.signal);
          greatest = Math.max(greatest, await residentMemory(ops));
        }
        return greatest;
      },
      peer: () => bareNodeMemory(place),
      notes: [`${vens} VENs; the agent that reads them is a process of its own and is not counted`],
    };
  },
};

/** An agent that reads every meter each ten seconds and reports to nobody. */
async function startReader(place: Workplace, fleet: readonly string[]): Promise<void> {
  const main = join(ROOT, 'apps/ven-agent/dist/main.js');
  const own = ['--state', place.path('agent.db'), '--ops-port', '0', '--no-report', '--json'];
  await place.start(process.execPath, [main, 'run', ...own, ...fleet]);
}
