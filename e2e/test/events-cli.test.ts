import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { hours, silentLogger } from '@venfleet/core';
import { openResourceDb } from '@venfleet/resource-db';
import { type EventLife, followEvents, until } from './support/events.js';
import { prepareFleet, startVtn, type Workplace } from './support/fleet.js';
import { jsonOf, runProgram, temporaryFolder } from './support/programs.js';
import { Operator, register } from './support/reporting.js';

const folder = temporaryFolder();
const VENS = ['Aalborg', 'Aarhus'];
const database = `${folder}/events.db`;

let place: Workplace;
let life: EventLife;
let event: string;
let resource: string;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  place = await prepareFleet(`${folder}/fleet`, { vens: VENS, perFile: 1 });
  const db = openResourceDb(place.db, 'readonly');
  resource = db.resources.byVen('Aalborg')[0]?.resourceId ?? '';
  db.close();
  const { vtn, address } = await startVtn({ clients: place.credentials });
  stops.push(() => vtn.stop());
  const url = `${address.origin}/openadr3/3.0.1`;
  await register(place, url);
  const operator = new Operator(url, place.credentials);
  const programID = await operator.post('/programs', { programName: 'shedding' });
  event = await operator.post('/events', {
    programID,
    eventName: 'evening peak',
    priority: 1,
    intervalPeriod: { start: new Date().toISOString(), duration: 'PT1H' },
    intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [2] }] }],
  });
  life = await followEvents(place, { url, vens: VENS, database, push: 'off', pollInterval: hours(1), logger: silentLogger });
  stops.push(() => life.stop());
  await until(() => VENS.every((ven) => life.held(ven).length === 1));
});
afterAll(async () => {
  for (const stop of stops.reverse()) await stop();
});

const run = (...args: string[]) => runProgram('ven-agent', [...args, '--events', database]);
const optOuts = (ven: string) =>
  life
    .feed(ven)
    .held()[0]
    ?.optOuts.map(({ resource: of, reason }) => [of, reason]);

test('events are shown beside a running agent, for people and for programs', async () => {
  const { stdout, status } = await run('events');
  expect(status).toBe(0);
  expect(stdout).toMatch(new RegExp(`^active .* ${event} "evening peak" of shedding: SIMPLE 2, priority 1 {2}2 VENs$`, 'm'));
  const { events } = jsonOf<{ events: { ven: string; state: string }[] }>(await run('events', '--ven', 'Aarhus', '--json'));
  expect(events).toMatchObject([{ ven: 'Aarhus', event, state: 'active', programName: 'shedding', priority: 1, optOuts: [] }]);
});

test('a VEN that is none is told', async () => {
  const { status, stderr } = await run('events', '--ven', 'Atlantis');
  expect([status, stderr]).toEqual([1, expect.stringContaining('Atlantis')]);
});

describe('an opt-out reaches a running agent', () => {
  test('of every VEN that has the event, and back', async () => {
    const result = jsonOf(await run('opt-out', event, '--reason', 'storm', '--json'));
    expect(result).toMatchObject({ event, vens: VENS, resource: null, reason: 'storm', undone: false });
    await until(() => VENS.every((ven) => optOuts(ven)?.length === 1));
    expect((await run('events')).stdout).toContain('opted out: Aarhus since');
    expect((await run('opt-out', event, '--undo')).status).toBe(0);
    await until(() => VENS.every((ven) => optOuts(ven)?.length === 0));
  });

  test('of one VEN', async () => {
    await run('opt-out', event, '--ven', 'Aarhus', '--reason', 'wedding');
    await until(() => optOuts('Aarhus')?.length === 1);
    expect(optOuts('Aalborg')).toEqual([]);
    await run('opt-out', event, '--ven', 'Aarhus', '--undo');
    await until(() => optOuts('Aarhus')?.length === 0);
  });

  test('of one resource, whose VEN is found by itself', async () => {
    await run('opt-out', event, '--resource', resource, '--db', place.db, '--reason', 'repair');
    await until(() => optOuts('Aalborg')?.length === 1);
    expect(optOuts('Aalborg')).toEqual([[resource, 'repair']]);
    expect(optOuts('Aarhus')).toEqual([]);
  });
});

test.each([
  ['an event that nobody has seen', ['nothing', '--reason', 'x'], 1, 'this agent has seen no event nothing'],
  ['a VEN without it', ['EVENT', '--ven', 'Herning', '--reason', 'x'], 1, 'for Herning'],
  ['a resource that is none', ['EVENT', '--resource', 'r', '--reason', 'x'], 1, 'there is no resource r in '],
  ['no reason', ['EVENT'], 2, 'say with --reason'],
  ['an undo of nothing', ['EVENT', '--ven', 'Aarhus', '--undo'], 1, 'Aarhus did not opt out'],
  ['an undo with a reason', ['EVENT', '--undo', '--reason', 'x'], 2, '--undo takes no --reason'],
])('%s is told, and changes nothing', async (_, args, status, message) => {
  const before = VENS.map(optOuts);
  const outcome = await run('opt-out', ...args.map((arg) => (arg === 'EVENT' ? event : arg)), '--db', place.db);
  expect([outcome.status, outcome.stderr]).toEqual([status, expect.stringContaining(message)]);
  expect(VENS.map(optOuts)).toEqual(before);
});
