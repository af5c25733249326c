import { prepareFleet } from '../fleet.js';
import { insertAll, insertOneByOne, makeEmpty, readDatabase } from '../peers/bare-insert.js';
import type { Row } from '../row.js';

/** On how many rows the slowest way is tried; it takes the same for each, so the rest can be reckoned. */
const SAMPLE = { full: 500, smoke: 20 };

const what = "the sample fleet's CSV files → resource database, in this process";

export const prepareRow: Row = {
  name: 'prepare',
  what,
  against: 'bare better-sqlite3: the same rows, schema and pragmas in one transaction',
  unit: 'ms',
  target: { atMost: 6 },
  async prepare(place) {
    const content = readDatabase(prepareFleet(place).db);
    return {
      ours: () => place.time(() => prepareFleet(place)),
      peer: () => place.time(() => insertAll(place.path('bare.db'), content)),
    };
  },
};

export const prepareOrigRow: Row = {
  name: 'prepare-orig',
  what,
  against: 'bare better-sqlite3: one connection and commit for each of the same rows',
  unit: 'resources/s',
  target: { atLeast: 60 },
  async prepare(place) {
    const { db, resources } = prepareFleet(place);
    const content = readDatabase(db);
    const sample = place.smoke ? SAMPLE.smoke : SAMPLE.full;
    const all = content.resources.length + content.connections.length;
    return {
      ours: async () => perSecond(resources, await place.time(() => prepareFleet(place))),
      async peer() {
        const path = place.path('bare.db');
        makeEmpty(path, content);
        let done = 0;
        const ms = await place.time(() => {
          for (let site = 0; done < sample; site++) done += insertOneByOne(path, content, site);
        });
        return perSecond(resources, ms * (all / done));
      },
      notes: [`the peer is measured on about ${sample} of its ${all} rows and reckoned up, as each takes it the same`],
    };
  },
};

function perSecond(count: number, ms: number): number {
  return count / (ms / 1000);
}
