import { seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { loadProfiles } from '@venfleet/devices/node';
import { openResourceDb } from '@venfleet/resource-db';
import { createChannels, layoutOf, Metering, openModbusSerial, planMetering, ReadingStore } from '@venfleet/ven-agent';
import { simulateFleet } from '../devices.js';
import { connectBare } from '../peers/bare-modbus.js';
import type { Row } from '../row.js';

const VENS = { full: 158, smoke: 1 };

export const sweepRow: Row = {
  name: 'sweep',
  what: 'the agent reads every Modbus meter of the fleet once, decoded, stored and flushed to the disk',
  against: 'a bare modbus-serial loop over the same gateways and registers, the values thrown away',
  unit: 'ms',
  target: { atMost: 1.5 },
  async prepare(place) {
    const vens = place.smoke ? VENS.smoke : VENS.full;
    const { db: path, profiles } = await simulateFleet(place, vens);
    const db = openResourceDb(path, 'readonly');
    const names = new Set(
      db.resources
        .vens()
        .slice(0, vens)
        .map(({ name }) => name),
    );
    const resources = db.resources.list().filter(({ ven }) => names.has(ven));
    const plan = planMetering(resources, db.connections, loadProfiles(profiles));
    db.close();
    const alarms = { raise: (code: string) => fail(code), clear() {} };
    const store = new ReadingStore({
      path: place.path('readings.db'),
      clock: systemClock,
      alarms,
      reportedUntil: () => undefined,
    });
    store.start();
    place.atEnd(() => store.stop());
    const channels = createChannels(
      { ...plan, brokers: [], files: [] },
      { inFlight: 4, replyPrefix: 'bench' },
      {
        openGateway: openModbusSerial,
        openBroker: () => fail('a broker'),
        openRows: () => fail('a file'),
        clock: systemClock,
        random: systemRandom,
        logger: silentLogger,
      },
    );
    const metering = new Metering({ channels, sink: store, clock: systemClock, logger: silentLogger });
    place.atEnd(() => metering.stop());
    const bare = await connectBare(
      plan.gateways.map(({ host, port, meters }) => ({
        host,
        port,
        units: meters.map(({ unitId, profile }) => ({ unitId, blocks: layoutOf(profile).fast })),
      })),
    );
    place.atEnd(() => bare.close());
    // First contacts (probes, SunSpec discovery) are made once in a device's life.
    while (metering.stats.answering < metering.stats.meters) {
      await metering.readAllOnce();
      // A meter that failed is left alone for a while.
      await systemClock.sleep(seconds(1));
    }
    await store.flush();
    return {
      async ours() {
        const before = metering.stats.readings;
        const ms = await place.time(async () => {
          await metering.readAllOnce();
          await store.flush();
        });
        if (metering.stats.readings - before !== metering.stats.meters) fail(JSON.stringify(metering.stats.problems));
        return ms;
      },
      peer: () => place.time(() => bare.sweep()),
      notes: [
        `${metering.stats.meters} meters behind ${plan.gateways.length} gateways; the agent has 4 requests in flight at each, the loop 1`,
      ],
    };
  },
};

function fail(what: string): never {
  throw new Error(`not every meter was read and kept: ${what}`);
}
