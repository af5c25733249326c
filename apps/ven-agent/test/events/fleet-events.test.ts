import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { minutes, seconds, seededRandom, VenfleetError } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import type { VtnClient } from '@venfleet/openadr';
import type { EventsSettings } from '../../src/events/config.js';
import { FleetEvents } from '../../src/events/fleet-events.js';
import { EventStore } from '../../src/events/store.js';
import type { FleetConnection } from '../../src/vtn.js';
import { gridEvent, MemoryEvents, pass, program, START, unreachable, VTN } from './support.js';

const VENS = ['Aalborg', 'Aarhus', 'Herning', 'Randers'];

let folder: string;
let clock: FakeClock;
let logger: MemoryLogger;
let vtn: MemoryEvents;
let events: FleetEvents | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-events-'));
  clock = new FakeClock(START);
  logger = new MemoryLogger();
  vtn = new MemoryEvents();
});
afterEach(async () => {
  await events?.stop();
  rmSync(folder, { recursive: true });
});

function fleet(settings: Partial<EventsSettings> = {}): FleetEvents {
  events = new FleetEvents({
    settings: {
      database: join(folder, 'events.db'),
      intervals: { alone: minutes(10), pushed: minutes(10) },
      startShift: 'either',
      push: 'off',
      ...settings,
    },
    vtnUrl: VTN,
    vens: VENS,
    clock,
    random: seededRandom(7),
    logger,
  });
  return events;
}

/** All VENs see the same. */
function connection(): FleetConnection {
  const client: Partial<VtnClient> = {
    listEvents: () => vtn.events(),
    listPrograms: () => vtn.programs(),
  };
  const forVen = (name: string) => {
    if (name === 'Randers') throw new VenfleetError('NO_CREDENTIALS', 'there are no credentials for Randers');
    return { client: client as VtnClient, clientId: name, tokens: { token: async () => undefined, invalidate: () => undefined } };
  };
  return {
    url: VTN,
    version: '3.0.1',
    connections: 1,
    forVen,
    business: undefined,
    tls: { verifyTls: true },
    clockOffset: undefined,
    close: async () => undefined,
  };
}

const registered = VENS.map((name) => ({ name, venId: name }));
const holding = () => VENS.filter((ven) => events?.feed(ven)?.held().length === 1);

test('a program that one VEN finds by polling brings its events to all at once', async () => {
  await fleet().start();
  events?.connect(connection(), registered);
  await pass(clock, minutes(1));
  vtn.knownPrograms.push(program('program-2'));
  vtn.put(gridEvent('e1', { programId: 'program-2' }));
  while (holding().length === 0) await pass(clock, seconds(1));
  await pass(clock, seconds(1));
  expect(holding()).toEqual(['Aalborg', 'Aarhus', 'Herning']);
});

test('a VEN without credentials is left out, and told', async () => {
  await fleet().start();
  events?.connect(connection(), registered);
  vtn.put(gridEvent('e1'));
  await pass(clock, minutes(1));
  expect(holding()).toEqual(['Aalborg', 'Aarhus', 'Herning']);
  expect(logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields.ven)).toEqual(['Randers']);
});

test('what it does is counted', async () => {
  await fleet().start();
  expect(events?.stats).toEqual({ held: 0, unreadable: 0, vens: { pushed: 0, lost: 0, unheard: 4 } });
  events?.connect(connection(), registered);
  vtn.put(gridEvent('e1'), gridEvent('e2'));
  await pass(clock, minutes(1));
  expect(events?.stats).toEqual({ held: 2, unreadable: 0, vens: { pushed: 0, lost: 0, unheard: 1 } });
  vtn.fault = unreachable;
  vtn.problems = [{ id: 'e3', mistakes: [] }];
  await pass(clock, minutes(13));
  expect(events?.stats.vens).toEqual({ pushed: 0, lost: 3, unheard: 1 });
});

test('an operator’s opt-out is noticed within a second, from another process', async () => {
  await fleet().start();
  events?.connect(connection(), registered);
  vtn.put(gridEvent('e1'));
  await pass(clock, minutes(1));
  const beside = EventStore.openBeside(join(folder, 'events.db'), clock, 'readwrite');
  beside.optOut(beside.list({ ven: 'Aarhus' }), { reason: 'wedding' });
  beside.close();
  await pass(clock, seconds(1));
  expect(VENS.map((ven) => events?.feed(ven)?.held()[0]?.optOuts.length)).toEqual([0, 1, 0, undefined]);
});

test('where the webhook’s port is taken, nothing stays open', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as { port: number };
  await expect(fleet({ push: 'auto', webhook: { host: '127.0.0.1', port } }).start()).rejects.toMatchObject({
    code: 'PORT_TAKEN',
  });
  await new Promise((resolve) => other.close(resolve));
  await fleet({ push: 'auto', webhook: { host: '127.0.0.1', port } }).start();
});

test('where another agent has the database, the webhook’s port stays free', async () => {
  const taken = EventStore.open(join(folder, 'events.db'), clock);
  await expect(fleet({ push: 'auto', webhook: { host: '127.0.0.1', port: 0 } }).start()).rejects.toMatchObject({
    code: 'DB_IN_USE',
  });
  taken.close();
});
