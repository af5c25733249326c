import { instant, systemClock, wattHours, watts } from '@venfleet/core';
import { type Alarms, type Reading, ReadingStore } from '@venfleet/ven-agent';
import { bareRows, insertBare, openBare } from '../peers/bare-readings.js';
import type { Row } from '../row.js';

const SIZE = { full: { resources: 9714, batches: 5 }, smoke: { resources: 100, batches: 2 } };
const SWEEPS = 10;

/** An alarm would mean that nothing is measured. */
const NO_ALARMS: Alarms = {
  raise: (code, detail) => {
    throw new Error(`${code}: ${detail}`);
  },
  clear() {},
};

export const storeRow: Row = {
  name: 'store',
  what: "the agent's reading store: ten sweeps of the fleet added, flushed to the disk, merged, five times over",
  against: 'bare better-sqlite3: the same rows and table, ready-made and in key order, one transaction each ten sweeps',
  unit: 'readings/s',
  target: { atLeast: 0.7 },
  async prepare(place) {
    const { resources, batches } = place.smoke ? SIZE.smoke : SIZE.full;
    const readings = Array.from({ length: batches }, (_, batch) => batchOf(resources, batch));
    const rows = readings.map((batch) => bareRows(batch.flat()));
    const total = resources * SWEEPS * batches;
    let longest = 0;
    const notes = ['the store journals every reading (synchronous FULL) before it merges it; the peer would lose ten sweeps'];
    return {
      async ours() {
        const store = new ReadingStore({
          path: place.path('readings.db'),
          clock: systemClock,
          alarms: NO_ALARMS,
          reportedUntil: () => undefined,
        });
        store.start();
        const ms = await place.time(async () => {
          for (const batch of readings) {
            for (const sweep of batch) store.add(sweep);
            const work = store.merge();
            longest = Math.max(longest, await longestTurn(work));
          }
        });
        await store.stop();
        notes[1] = `the event loop was held for ${Math.round(longest)} ms at most`;
        return total / (ms / 1000);
      },
      async peer() {
        const db = openBare(place.path('bare.db'));
        const ms = await place.time(() => {
          for (const batch of rows) insertBare(db, batch);
        });
        db.close();
        return total / (ms / 1000);
      },
      notes,
    };
  },
};

/** How long the event loop is held in one piece, in ms, until `work` is done. */
async function longestTurn(work: Promise<void>): Promise<number> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  let longest = 0;
  while (!isDone) {
    const before = systemClock.monotonic();
    await new Promise((next) => setImmediate(next));
    longest = Math.max(longest, systemClock.monotonic() - before);
  }
  await work;
  return longest;
}

/** Ten sweeps, each of every resource. */
function batchOf(resources: number, batch: number): Reading[][] {
  return Array.from({ length: SWEEPS }, (_, i) => {
    const sweep = batch * SWEEPS + i;
    return Array.from({ length: resources }, (_, r) => ({
      resource: r + 1,
      at: instant(1_772_323_200_000 + sweep * 10_000 + (r % 10_000)),
      power: watts(5000 + ((r * 37 + sweep * 101) % 20_000)),
      importEnergy: wattHours(1_000_000 + r * 1000 + sweep * 40),
      exportEnergy: undefined,
      flags: 0,
    }));
  });
}
