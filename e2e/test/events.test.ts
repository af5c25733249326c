import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Duration, hours, milliseconds, minutes } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import type { VtnMock, VtnMockOptions } from '@venfleet/vtn-mock';
import { type EventLife, followEvents, until } from './support/events.js';
import { type Fault, type ProxiedRequest, startFaultProxy } from './support/fault-proxy.js';
import { prepareFleet, startVtn, type Workplace, workplace } from './support/fleet.js';
import { temporaryFolder } from './support/programs.js';
import { Operator, register } from './support/reporting.js';

const folder = temporaryFolder();
const VENS = ['Aalborg', 'Aarhus'] as const;
type Version = '3.0.1' | '3.1.0';
/** So long that nothing in a test is found by polling. */
const NEVER: Duration = hours(10);

let prepared: Workplace;
beforeAll(async () => {
  prepared = await prepareFleet(`${folder}/fleet`, { vens: VENS, perFile: 1 });
});

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly vtn: VtnMock;
  readonly operator: Operator;
  readonly program: string;
  readonly url: string;
  readonly logger: MemoryLogger;
  restartVtn(): Promise<void>;
  follow(how: { push: 'auto' | 'webhook' | 'mqtt' | 'off'; pollInterval?: Duration }): Promise<EventLife>;
}

let scenes = 0;
async function scene(
  version: Version,
  options: Partial<VtnMockOptions> = {},
  decide: (request: ProxiedRequest) => Fault | undefined = () => undefined,
): Promise<Scene> {
  const name = `events-${++scenes}`;
  const place = { ...prepared, state: workplace(folder, name).state };
  const dataFile = `${folder}/${name}-vtn.db`;
  const make = (port: number) => startVtn({ clients: prepared.credentials, dataFile, ...options, port });
  let { vtn, address } = await make(0);
  stops.push(() => vtn.stop());
  const direct = `${address.origin}/openadr3/${version}`;
  await register(place, direct);
  const operator = new Operator(direct, prepared.credentials);
  const program = await operator.post('/programs', { programName: name });
  const proxy = await startFaultProxy(address.origin, decide);
  stops.push(() => proxy.close());
  const url = `${proxy.origin}/openadr3/${version}`;
  const logger = new MemoryLogger();
  return {
    get vtn() {
      return vtn;
    },
    operator,
    program,
    url,
    logger,
    async restartVtn() {
      await vtn.stop();
      ({ vtn, address } = await make(Number(new URL(address.origin).port)));
      // The operator's first request may go to a connection that the old one has closed.
      const answers = () =>
        operator.list('/programs').then(
          () => true,
          () => false,
        );
      await until(answers);
    },
    async follow({ push, pollInterval = NEVER }) {
      const life = await followEvents(place, { url, vens: VENS, database: `${folder}/${name}.db`, push, pollInterval, logger });
      stops.push(() => life.stop());
      return life;
    },
  };
}

const body = (programID: string, extra: object = {}) => ({
  programID,
  intervalPeriod: { start: new Date(Date.now() + minutes(10)).toISOString(), duration: 'PT1H' },
  intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [1] }] }],
  ...extra,
});

/** All VENs are told of changes from now on: an event arrives that no look at the start can have found. */
async function told({ operator, program }: Scene, life: EventLife): Promise<void> {
  const holding = (id: string) => VENS.filter((ven) => life.held(ven).includes(id)).length;
  for (let i = 0; ; i++) {
    const id = await operator.post('/events', body(program));
    const before = Date.now();
    await until(() => holding(id) === VENS.length || Date.now() - before > 500);
    const all = holding(id) === VENS.length;
    await operator.delete(`/events/${id}`);
    if (!all || i === 0) continue;
    await until(() => holding(id) === 0);
    return;
  }
}

async function eachWay(now: Scene, life: EventLife): Promise<void> {
  const { operator, program } = now;
  const id = await operator.post('/events', body(program));
  await until(() => VENS.every((ven) => life.held(ven).includes(id)));
  await operator.put(`/events/${id}`, body(program, { priority: 3 }));
  await until(() =>
    VENS.every(
      (ven) =>
        life
          .feed(ven)
          .held()
          .find(({ event }) => event.id === id)?.event.priority === 3,
    ),
  );
  await operator.delete(`/events/${id}`);
  await until(() => VENS.every((ven) => !life.held(ven).includes(id)));
}

describe.each([
  ['webhook', '3.0.1', {}],
  ['webhook', '3.1.0', {}],
  ['mqtt', '3.1.0', { mqtt: { port: 0 } }],
] as const)('told by %s, OpenADR %s', (push, version, options) => {
  test('new, modified and deleted events arrive, though nothing is polled', async () => {
    const now = await scene(version, options);
    const life = await now.follow({ push });
    await told(now, life);
    await eachWay(now, life);
  });

  test('a VTN that restarts tells of changes again, and what happened meanwhile is found', async () => {
    const now = await scene(version, options);
    const life = await now.follow({ push, pollInterval: minutes(1) });
    await told(now, life);
    await now.restartVtn();
    const id = await now.operator.post('/events', body(now.program));
    await until(() => VENS.every((ven) => life.held(ven).includes(id)));
    await told(now, life);
    await eachWay(now, life);
  });

  test('an agent that restarts holds its events from the start, and leaves nothing behind at the VTN', async () => {
    const now = await scene(version, options);
    const first = await now.follow({ push });
    await told(now, first);
    const id = await now.operator.post(
      '/events',
      body(now.program, { intervalPeriod: { ...body('').intervalPeriod, randomizeStart: 'PT5M' } }),
    );
    await until(() => VENS.every((ven) => first.held(ven).includes(id)));
    const shifts = VENS.map((ven) => first.feed(ven).held()[0]?.shift);
    expect(new Set(shifts).size).toBe(2);
    await first.stop();
    expect(await now.operator.list('/subscriptions')).toEqual([]);
    const second = await now.follow({ push });
    expect(VENS.map((ven) => second.feed(ven).held()[0]?.shift)).toEqual(shifts);
    await told(now, second);
    await eachWay(now, second);
    expect(VENS.map((ven) => second.feed(ven).held()[0]?.shift)).toEqual(shifts);
  });
});

test('auto takes MQTT where the VTN has a broker', async () => {
  const now = await scene('3.1.0', { mqtt: { port: 0 } });
  const life = await now.follow({ push: 'auto' });
  await told(now, life);
  expect(await now.operator.list('/subscriptions')).toEqual([]);
});

test('3.1: a grant brings an event that was there before, and to that VEN alone', async () => {
  const now = await scene('3.1.0', { mqtt: { port: 0 } });
  const life = await now.follow({ push: 'auto' });
  await told(now, life);
  const id = await now.operator.post('/events', body(now.program, { targets: ['north'] }));
  const [ven] = await now.operator.list<{ id: string; clientID: string; venName: string }>('/vens?venName=Aalborg');
  if (ven === undefined) throw new Error('no VEN');
  expect(VENS.flatMap((name) => life.held(name))).toEqual([]);
  const { clientID, venName } = ven;
  await now.operator.put(`/vens/${ven.id}`, { objectType: 'BL_VEN_REQUEST', clientID, venName, targets: ['north'] });
  await until(() => life.held('Aalborg').includes(id));
  await until(() => life.feed('Aalborg').targets?.ven.includes('north') === true);
  expect(life.held('Aarhus')).toEqual([]);
});

describe.each(['3.0.1', '3.1.0'] as const)('line 65: a listing that is not complete changes nothing, OpenADR %s', (version) => {
  test.each([
    ['an error', { kind: 'answer', status: 500 }],
    ['a broken connection', { kind: 'reset' }],
    ['nonsense', { kind: 'answer', status: 200, body: { not: 'a list' } }],
  ] as const)('when its second page is %s', async (_, fault) => {
    let broken = false;
    const now = await scene(version, {}, ({ path }) => (broken && /\/events\?.*skip=50/.test(path) ? fault : undefined));
    const ids: string[] = [];
    for (let i = 0; i < 60; i++) ids.push(await now.operator.post('/events', body(now.program)));
    const life = await now.follow({ push: 'off', pollInterval: milliseconds(50) });
    await until(() => VENS.every((ven) => life.held(ven).length === 60));
    broken = true;
    const [gone, ...left] = ids as [string, ...string[]];
    await now.operator.delete(`/events/${gone}`);
    await until(() => VENS.every((ven) => life.feed(ven).lostSince !== undefined));
    expect(VENS.map((ven) => life.held(ven).length)).toEqual([60, 60]);
    broken = false;
    for (const ven of VENS) life.feed(ven).hint({ kind: 'all' });
    await until(() => VENS.every((ven) => life.held(ven).length === 59 && life.feed(ven).lostSince === undefined));
    expect(life.held('Aalborg')).toEqual(left.sort());
  });
});
