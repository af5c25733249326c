// Adds readings to a store as fast as it takes them, and says which are on its disk, until it is killed.
import { systemClock } from '@venfleet/core';
import { ReadingStore } from '../../dist/readings/store.js';

const store = new ReadingStore({
  path: process.argv[2],
  clock: systemClock,
  alarms: { raise: (code, detail) => process.stdout.write(`${code} ${detail}\n`), clear() {} },
  reportedUntil: () => undefined,
  flushInterval: 5,
  mergeInterval: 50,
});
store.start();
for (let at = 0; ; at++) {
  store.add([1, 2, 3].map((resource) => ({ resource, at, power: at, importEnergy: at, exportEnergy: undefined, flags: 0 })));
  if (at % 20 !== 0) continue;
  await new Promise((done) => setImmediate(done));
  if (store.status().waiting === 0) process.stdout.write(`${at}\n`);
}
