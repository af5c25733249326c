// Writes to one of the agent's databases as fast as it takes it, and says in the file `kept` what is on its disk, for ever.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { silentLogger, systemClock } from '@venfleet/core';
import { DecisionLog } from '../../dist/dispatch/decision-log.js';
import { EventStore } from '../../dist/events/store.js';
import { ReadingStore } from '../../dist/readings/store.js';
import { Registry } from '../../dist/registration/registry.js';
import { Outbox } from '../../dist/reporting/outbox.js';

const [database, folder] = process.argv.slice(2);
const path = join(folder, `${database}.db`);
const kept = openSync(join(folder, 'kept'), 'a');
const keep = (number) => writeSync(kept, `${number}\n`);
const URL = 'http://vtn.example';

const writers = {
  async outbox() {
    const ven = Outbox.open(path, systemClock).forVen(URL, 'Ribe');
    ven.rememberEvent('event', '{}', 0);
    for (let i = 0; ; i++) {
      const at = systemClock.now();
      ven.plan('event', 'USAGE', [{ ordinal: i, dueAt: at, covers: [{ start: at, end: at + 1 }] }], i + 1);
      keep(i);
      if (i % 8 === 0) await setImmediate();
    }
  },
  async events() {
    const ven = EventStore.open(path, systemClock).forVen(URL, 'Ribe');
    for (let i = 0; ; i++) {
      const event = { id: `event-${i}`, programId: 'p', targets: [], intervals: [], payloadDescriptors: [], reportRequests: [] };
      await ven.save([{ event, definition: ven.define(event), seenAt: i, changedAt: i, draws: {}, optOuts: [] }], [], i);
      keep(i);
    }
  },
  async readings() {
    const alarms = { raise: (code, detail) => process.stderr.write(`${code} ${detail}\n`), clear() {} };
    const store = new ReadingStore({
      path,
      clock: systemClock,
      alarms,
      reportedUntil: () => undefined,
      flushInterval: 3_600_000,
    });
    store.start();
    for (let i = 0; ; i++) {
      store.add([1, 2, 3].map((resource) => ({ resource, at: i, power: i, importEnergy: i, exportEnergy: undefined, flags: 0 })));
      if (i % 5 !== 0) continue;
      await store.flush();
      keep(i);
      if (i % 100 === 0) await store.merge();
    }
  },
  async decisions() {
    const log = new DecisionLog(path, { clock: { ...systemClock, sleep: () => setImmediate() }, logger: silentLogger });
    log.start();
    for (let i = 1; ; i++) {
      log.note(1, { at: i, limit: i, event: 'event', mode: 'curtailed', status: 'holding', held: null, problem: null });
      await setImmediate();
    }
  },
  async registry() {
    const registry = Registry.open(path, systemClock);
    const vtn = registry.vtn(URL, '3.1.0');
    for (let i = 0; ; i++) {
      registry.rememberVen(vtn, { name: `ven-${i}`, venId: `id-${i}`, resources: new Map([['a', `a-${i}`]]) }, []);
      await setImmediate();
    }
  },
};
await writers[database]();
