import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, test } from '@jest/globals';
import { instant, seededRandom, systemClock, uniformInt } from '@venfleet/core';
import { openDatabase, type Schema } from '@venfleet/sqlite';
import { DECISIONS_SCHEMA } from '../../src/dispatch/decision-log.js';
import { EventStore } from '../../src/events/store.js';
import { EVENTS_SCHEMA } from '../../src/events/store-schema.js';
import { READINGS_SCHEMA } from '../../src/readings/readings-file.js';
import { ReadingStore } from '../../src/readings/store.js';
import { REGISTRY_SCHEMA } from '../../src/registration/registry.js';
import { Outbox } from '../../src/reporting/outbox.js';
import { OUTBOX_SCHEMA } from '../../src/reporting/outbox-schema.js';
import { buildRecorder, type Operation, powerCut, readOperations } from './crash-states.js';

const folder = mkdtempSync(join(tmpdir(), 'venfleet-power-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const recorder = buildRecorder(folder);
const name = (what: string) => (recorder.reason === undefined ? what : `${what} (skipped: ${recorder.reason})`);

/** A database of the agent's, and how to see what is in it. */
interface Subject {
  readonly database: string;
  readonly schema: Schema;
  /** What was written by its number, in order. Each is there, or none after it is. */
  numbers(path: string): Promise<number[]>;
  /** Whether what was said to be kept must be there: commits are synced. */
  readonly synced: boolean;
  /** The first number. */
  readonly first: number;
}

const numbered = (rows: readonly { readonly number: number }[]) => rows.map(({ number }) => number).sort((a, b) => a - b);

function query(schema: Schema, sql: string) {
  return async (path: string): Promise<number[]> => {
    const db = openDatabase(path, { schema, mode: 'create' });
    try {
      return numbered(db.prepare<{ number: number }>(sql).all());
    } finally {
      db.close();
    }
  };
}

async function readingsIn(path: string): Promise<number[]> {
  const complain = (code: string, detail: string) => {
    throw new Error(`${code}: ${detail}`);
  };
  const alarms = { raise: complain, clear() {} };
  const store = new ReadingStore({ path, clock: systemClock, alarms, reportedUntil: () => undefined });
  store.start();
  try {
    const all = [1, 2, 3].map((resource) => store.around(resource, instant(0), instant(8e15)).map(({ at }) => Number(at)));
    expect(all[1]).toEqual(all[0]);
    expect(all[2]).toEqual(all[0]);
    return all[0] ?? [];
  } finally {
    await store.stop();
  }
}

const SUBJECTS: readonly Subject[] = [
  {
    database: 'outbox',
    schema: OUTBOX_SCHEMA,
    numbers: async (path) => {
      const outbox = Outbox.open(path, systemClock);
      try {
        return outbox
          .list()
          .map(({ ordinal }) => ordinal)
          .sort((a, b) => a - b);
      } finally {
        outbox.close();
      }
    },
    synced: true,
    first: 0,
  },
  {
    database: 'events',
    schema: EVENTS_SCHEMA,
    numbers: async (path) => {
      const store = EventStore.open(path, systemClock);
      try {
        return store
          .list()
          .map(({ event }) => Number(event.id.slice('event-'.length)))
          .sort((a, b) => a - b);
      } finally {
        store.close();
      }
    },
    synced: true,
    first: 0,
  },
  { database: 'readings', schema: READINGS_SCHEMA, numbers: readingsIn, synced: true, first: 0 },
  {
    database: 'decisions',
    schema: DECISIONS_SCHEMA,
    numbers: query(DECISIONS_SCHEMA, 'SELECT at_ms AS number FROM decisions'),
    synced: false,
    first: 1,
  },
  {
    database: 'registry',
    schema: REGISTRY_SCHEMA,
    numbers: query(REGISTRY_SCHEMA, 'SELECT CAST(substr(name, 5) AS INTEGER) AS number FROM vens'),
    synced: false,
    first: 0,
  },
];

/** Enough for a checkpoint of the log, or for several merges of the journal. */
const ENOUGH_BYTES = 7e6;

/** Lets a database be written to in a process of its own, which is killed. @returns where its files are, and their record */
async function written(database: string): Promise<{ readonly place: string; readonly operations: Operation[] }> {
  const place = join(folder, database);
  const log = `${place}.log`;
  mkdirSync(place);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'writer.mjs'), database, place], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', LD_PRELOAD: recorder.preload, RECORD_FOLDER: place, RECORD_LOG: log },
  });
  const ended = once(child, 'close');
  let isRunning = true;
  void ended.then(() => {
    isRunning = false;
  });
  const size = () => (existsSync(log) ? statSync(log).size : 0);
  while (isRunning && size() < ENOUGH_BYTES) await pause(20);
  if (!isRunning) throw new Error(`writing ${database} ended by itself`);
  child.kill('SIGKILL');
  await ended;
  return { place, operations: readOperations(log) };
}

/** The last number that was said to be kept; -1 before the first. */
function lastKept(place: string): number {
  const path = join(place, 'kept');
  return existsSync(path) ? Number(readFileSync(path, 'utf8').trim().split('\n').at(-1) || -1) : -1;
}

describe.each(SUBJECTS)('the database $database', ({ database, schema, numbers, synced, first }) => {
  async function expectWhole(place: string, kept: number): Promise<void> {
    const path = join(place, `${database}.db`);
    const found = await numbers(path);
    expect(found).toEqual(found.map((_, i) => first + i));
    if (synced) expect(found.at(-1) ?? -1).toBeGreaterThanOrEqual(kept);
    const db = openDatabase(path, { schema, mode: 'readonly' });
    expect(db.integrityProblems()).toEqual([]);
    db.close();
  }

  (recorder.preload === undefined ? test.skip : test)(
    name(
      `survives SIGKILL, and power cuts at any moment${synced ? ', with all that was said to be kept' : ' up to some moment before'}`,
    ),
    async () => {
      const { place, operations } = await written(database);
      const random = seededRandom(`power ${database}`);
      for (let cut = 0; cut < 40; cut++) {
        const count = uniformInt(random, 1, operations.length);
        const left = join(folder, `${database}-${cut}`);
        powerCut(operations, count, left, random);
        // What was said is known to whoever heard it, whether the file that says so was synced or not.
        const said = operations
          .slice(0, count)
          .filter(({ file }) => file === 'kept')
          .at(-1)
          ?.data.toString();
        await expectWhole(left, said === undefined ? -1 : Number(said));
        rmSync(left, { recursive: true });
      }
      await expectWhole(place, lastKept(place));
      expect(readdirSync(place).filter((file) => file.includes('damaged'))).toEqual([]);
    },
    180_000,
  );
});
