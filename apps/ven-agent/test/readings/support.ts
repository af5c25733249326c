import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach } from '@jest/globals';
import { type Instant, instant, wattHours, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { AlarmBoard } from '../../src/readings/alarms.js';
import type { Reading } from '../../src/readings/reading.js';
import { ReadingStore, type ReadingStoreOptions } from '../../src/readings/store.js';

export const START = Date.parse('2026-03-01T00:00:00Z');

/** A reading of a meter that draws 3.6 kW, `seconds` after START. */
export function reading(resource: number, seconds: number, over: Partial<Reading> = {}): Reading {
  return {
    resource,
    at: instant(START + seconds * 1000),
    power: watts(3600),
    importEnergy: wattHours(1000 + seconds),
    exportEnergy: undefined,
    flags: 0,
    ...over,
  };
}

/** A sweep over resources 1…count. */
export const sweep = (count: number, seconds: number): Reading[] =>
  Array.from({ length: count }, (_, i) => reading(i + 1, seconds));

export const secondsOf = (readings: readonly Reading[]): number[] => readings.map(({ at }) => (at - START) / 1000);

export const FOREVER = [instant(0), instant(8e15)] as const;

/** A folder, clock and alarms for each test, and stores that are stopped at its end. */
export function storePlace() {
  const root = mkdtempSync(join(tmpdir(), 'venfleet-readings-'));
  const stores: ReadingStore[] = [];
  const place = {
    folder: root,
    clock: new FakeClock(),
    alarms: new AlarmBoard(new MemoryLogger()),
    path: (name = 'readings.db'): string => join(place.folder, name),
    store(over: Partial<ReadingStoreOptions> = {}): ReadingStore {
      const { clock, alarms } = place;
      const reportedUntil = (): Instant | undefined => undefined;
      const store = new ReadingStore({ path: place.path(), clock, alarms, reportedUntil, ...over });
      store.start();
      stores.push(store);
      return store;
    },
    /** Copies the files as a crash at this moment would leave them. @returns the copy's path */
    crash(name: string, original: string = place.path()): string {
      for (const suffix of ['', '-wal']) {
        if (existsSync(original + suffix)) copyFileSync(original + suffix, place.path(name) + suffix);
      }
      return place.path(name);
    },
    async stop(store: ReadingStore): Promise<void> {
      stores.splice(stores.indexOf(store), 1);
      await store.stop();
    },
  };
  beforeEach(() => {
    place.folder = mkdtempSync(join(root, 'test-'));
    place.clock = new FakeClock(instant(START));
    place.alarms = new AlarmBoard(new MemoryLogger());
  });
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.stop();
  });
  afterAll(() => rmSync(root, { recursive: true }));
  return place;
}
