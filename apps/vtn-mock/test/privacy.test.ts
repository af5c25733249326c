import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { WireVersion } from '@venfleet/openadr';
import { type Api, makeVen, TestVtn } from './support/vtn.js';

/** Business logic; the VEN whose ven and resource it is and that holds the program's target; another VEN; no token. */
const CALLERS = { bl: 'bl', own: 'ven-a', foreign: 'ven-b', nobody: undefined } as const;
type Caller = keyof typeof CALLERS;
const VERBS = ['list', 'read', 'post', 'put', 'delete'] as const;
type Verb = (typeof VERBS)[number];
const KINDS = ['ven', 'resource', 'program'] as const;
type KindName = (typeof KINDS)[number];

/** Answers in the order bl, own, foreign, nobody. A list is `shown` or `hidden`, whether it has the object. */
type Row = readonly [number | 'shown' | 'hidden', number | 'shown' | 'hidden', number | 'shown' | 'hidden', 401];

const VEN_WRITES_NONE = { post: [201, 403, 403, 401], put: [200, 403, 403, 401], delete: [200, 403, 403, 401] } as const;

const EXPECTED: Record<WireVersion, Record<KindName, Record<Verb, Row>>> = {
  '3.0.1': {
    ven: {
      list: ['shown', 'shown', 'shown', 401],
      read: [200, 200, 200, 401],
      post: [201, 201, 201, 401],
      put: [200, 200, 200, 401],
      delete: [200, 200, 200, 401],
    },
    resource: {
      list: ['shown', 'shown', 'shown', 401],
      read: [200, 200, 200, 401],
      post: [201, 201, 201, 401],
      put: [200, 200, 200, 401],
      delete: [200, 200, 200, 401],
    },
    program: { list: ['shown', 'shown', 'shown', 401], read: [200, 200, 200, 401], ...VEN_WRITES_NONE },
  },
  '3.1.0': {
    ven: {
      list: ['shown', 'shown', 'hidden', 401],
      read: [200, 200, 404, 401],
      // The own client has its one ven already.
      post: [201, 409, 201, 401],
      put: [200, 200, 404, 401],
      delete: [200, 200, 404, 401],
    },
    resource: {
      list: ['shown', 'shown', 'hidden', 401],
      read: [200, 200, 404, 401],
      post: [201, 201, 404, 401],
      put: [200, 200, 404, 401],
      delete: [200, 200, 404, 401],
    },
    program: { list: ['shown', 'shown', 'hidden', 401], read: [200, 200, 404, 401], ...VEN_WRITES_NONE },
  },
};

const cases = (['3.0.1', '3.1.0'] as const).flatMap((version) =>
  KINDS.flatMap((kind) =>
    VERBS.flatMap((verb) =>
      (Object.keys(CALLERS) as Caller[]).map((caller, i) => ({
        version,
        kind,
        verb,
        caller,
        answer: EXPECTED[version][kind][verb][i],
      })),
    ),
  ),
);

describe('who may do what with which object', () => {
  let vtn: TestVtn;
  let version: WireVersion;
  const objects = new Map<KindName, { path: string; object: { id: string } }>();

  beforeAll(async () => {
    vtn = await new TestVtn().start();
  });
  afterAll(async () => await vtn.stop());

  const in301 = () => version === '3.0.1';
  const resourcesPath = (venId: string) => (in301() ? `/vens/${venId}/resources` : '/resources');

  /** A ven of ven-a, made by business logic with the target g; a resource of it; a program for g. */
  const makeObjects = async () => {
    const bl = vtn.api(version, 'bl');
    const targets = in301() ? [{ type: 'GROUP', values: ['g'] }] : ['g'];
    const ven = await makeVen(vtn, version, 'A', { targets, ...(in301() ? {} : { clientID: 'ven-a' }) });
    objects.set('ven', { path: '/vens', object: ven });
    const path = resourcesPath(ven.id);
    const body = { resourceName: 'r', ...(in301() ? {} : { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id }) };
    objects.set('resource', { path, object: await bl.ok(bl.post(path, body)) });
    objects.set('program', { path: '/programs', object: await bl.ok(bl.post('/programs', { programName: 'p', targets })) });
  };

  const clear = async () => {
    const bl = vtn.api('3.1.0', 'bl');
    for (const path of ['/programs', '/resources', '/vens']) {
      for (const { id } of await bl.ok(bl.get(path))) await bl.ok(bl.delete(`${path}/${id}`));
    }
  };

  /** The right body for this caller to write an object of the kind under `name`. */
  const bodyFor = (kind: KindName, caller: Caller, name: string) => {
    if (kind === 'program') return { programName: name };
    const flavour = caller === 'bl' || caller === 'nobody' ? 'BL' : 'VEN';
    const more = in301() ? {} : { objectType: `${flavour}_${kind.toUpperCase()}_REQUEST` };
    const venID = objects.get('ven')?.object.id;
    if (kind === 'resource') return { ...more, resourceName: name, ...(in301() ? {} : { venID }) };
    return { ...more, venName: name, ...(flavour === 'BL' && !in301() ? { clientID: `client-${name}` } : {}) };
  };

  const perform = async (api: Api, kind: KindName, verb: Verb, caller: Caller) => {
    const { path, object } = objects.get(kind) as { path: string; object: { id: string } };
    const item = `${path}/${object.id}`;
    switch (verb) {
      case 'list':
        return await api.get(path);
      case 'read':
        return await api.get(item);
      case 'post':
        return await api.post(path, bodyFor(kind, caller, 'new'));
      case 'put':
        return await api.put(item, bodyFor(kind, caller, 'changed'));
      case 'delete':
        // A ven is only deleted without resources.
        if (kind === 'ven') {
          const bl = vtn.api(version, 'bl');
          await bl.ok(bl.delete(`${objects.get('resource')?.path}/${objects.get('resource')?.object.id}`));
        }
        return await api.delete(item);
    }
  };

  describe.each(['3.0.1', '3.1.0'] as const)('over %s', (of) => {
    beforeEach(async () => {
      version = of;
      await makeObjects();
    });
    afterEach(clear);

    it.each(cases.filter((c) => c.version === of))('$verb $kind by $caller: $answer', async ({ kind, verb, caller, answer }) => {
      const { path, object } = objects.get(kind) as { path: string; object: { id: string } };
      const { status, body } = await perform(vtn.api(of, CALLERS[caller]), kind, verb, caller);
      if (answer === 'shown' || answer === 'hidden') {
        expect(status).toBe(200);
        expect(body.some((o: { id: string }) => o.id === object.id)).toBe(answer === 'shown');
        return;
      }
      expect(status).toBe(answer);
      if (status < 300 || verb === 'post') return;
      // What was refused changed nothing.
      const bl = vtn.api(of, 'bl');
      const now = await bl.ok(bl.get(`${path}/${object.id}`));
      const { resources: _, ...same } = now;
      expect(same).toEqual(object);
    });
  });
});
