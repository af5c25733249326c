import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { WireVersion } from '@venfleet/openadr';
import { asking, Receiver } from './support/receiver.js';
import { makeVen, TestVtn } from './support/vtn.js';

/** As in privacy.test.ts, for what hangs on programs: a targeted event, a report and a subscription of ven-a. */
const CALLERS = { bl: 'bl', own: 'ven-a', foreign: 'ven-b', nobody: undefined } as const;
type Caller = keyof typeof CALLERS;
const VERBS = ['list', 'read', 'post', 'put', 'delete'] as const;
type Verb = (typeof VERBS)[number];
const KINDS = ['events', 'reports', 'subscriptions'] as const;
type Kind = (typeof KINDS)[number];

type Cell = number | 'shown' | 'hidden';
/** Answers in the order bl, own, foreign, nobody. */
type Row = readonly [Cell, Cell, Cell, 401];

const BL_WRITES = { post: [201, 403, 403, 401], put: [200, 403, 403, 401], delete: [200, 403, 403, 401] } as const;

const EXPECTED: Record<WireVersion, Record<Kind, Record<Verb, Row>>> = {
  '3.0.1': {
    events: { list: ['shown', 'shown', 'shown', 401], read: [200, 200, 200, 401], ...BL_WRITES },
    reports: {
      list: ['shown', 'shown', 'shown', 401],
      read: [200, 200, 200, 401],
      post: [403, 201, 201, 401],
      put: [403, 200, 200, 401],
      delete: [403, 200, 200, 401],
    },
    subscriptions: {
      list: ['shown', 'shown', 'shown', 401],
      read: [200, 200, 200, 401],
      post: [201, 201, 201, 401],
      put: [200, 200, 200, 401],
      delete: [200, 200, 200, 401],
    },
  },
  '3.1.0': {
    events: { list: ['shown', 'shown', 'hidden', 401], read: [200, 200, 404, 401], ...BL_WRITES },
    reports: {
      list: ['shown', 'shown', 'hidden', 401],
      read: [200, 200, 404, 401],
      // Of an event that it does not see, a VEN hears what it hears of one that is not there.
      post: [403, 201, 409, 401],
      put: [403, 200, 404, 401],
      delete: [403, 200, 404, 401],
    },
    subscriptions: {
      list: ['shown', 'shown', 'hidden', 401],
      read: [200, 200, 404, 401],
      post: [201, 201, 201, 401],
      put: [200, 200, 404, 401],
      delete: [200, 200, 404, 401],
    },
  },
};

describe.each(['3.0.1', '3.1.0'] as const)('who may do what, over %s, with', (version) => {
  let vtn: TestVtn;
  let hook: Receiver;
  let ids: Record<Kind, string>;
  let bodies: Record<Kind, (name: string) => object>;
  beforeAll(async () => {
    hook = await new Receiver().start();
  });
  afterAll(async () => await hook.stop());
  beforeEach(async () => {
    vtn = await new TestVtn().start();
    const in301 = version === '3.0.1';
    const targets = in301 ? [{ type: 'GROUP', values: ['g'] }] : ['g'];
    const [bl, own] = [vtn.api(version, 'bl'), vtn.api(version, 'ven-a')];
    await makeVen(vtn, version, 'A', { targets, ...(in301 ? {} : { clientID: 'ven-a' }) });
    const program = await bl.ok(bl.post('/programs', { programName: 'p' }));
    const event = (eventName: string) => ({ programID: program.id, eventName, targets, intervals: [] });
    const reported = await bl.ok(bl.post('/events', event('reported')));
    bodies = {
      events: event,
      reports: (reportName) => ({
        ...(in301 ? { programID: program.id } : {}),
        ...{ eventID: reported.id, clientName: 'A', reportName, resources: [] },
      }),
      subscriptions: (clientName) => ({ ...asking(program.id, hook.url, ['EVENT']), clientName }),
    };
    ids = {
      events: (await bl.ok(bl.post('/events', bodies.events('plain')))).id,
      reports: (await own.ok(own.post('/reports', bodies.reports('first')))).id,
      subscriptions: (await own.ok(own.post('/subscriptions', bodies.subscriptions('first')))).id,
    };
  });
  afterEach(async () => await vtn.stop());

  const cases = KINDS.flatMap((kind) =>
    VERBS.flatMap((verb) =>
      (Object.keys(CALLERS) as Caller[]).map((caller, i) => ({ kind, verb, caller, answer: EXPECTED[version][kind][verb][i] })),
    ),
  );

  it.each(cases)('$kind: $verb by $caller: $answer', async ({ kind, verb, caller, answer }) => {
    const [api, item] = [vtn.api(version, CALLERS[caller]), `/${kind}/${ids[kind]}`];
    const keeper = vtn.api(version, kind === 'events' ? 'bl' : 'ven-a');
    const before = await keeper.ok(keeper.get(item));
    const { status, body } = await {
      list: () => api.get(`/${kind}`),
      read: () => api.get(item),
      post: () => api.post(`/${kind}`, bodies[kind]('new')),
      put: () => api.put(item, bodies[kind]('changed')),
      delete: () => api.delete(item),
    }[verb]();
    if (answer === 'shown' || answer === 'hidden') {
      expect(status).toBe(200);
      expect(body.some(({ id }: { id: string }) => id === ids[kind])).toBe(answer === 'shown');
      return;
    }
    expect(status).toBe(answer);
    if (status < 300) return;
    // What was refused changed nothing.
    expect((await keeper.get(item)).body).toEqual(before);
    expect((await keeper.get(`/${kind}`)).body).toHaveLength(kind === 'events' ? 2 : 1);
  });
});
