import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MemoryLogger } from '@venfleet/core/testing';
import type { WireVersion } from '@venfleet/openadr';
import fc from 'fast-check';
import { type Answer, type Api, type Kind, kindsOf, makeVen, TestVtn, VERSIONS } from './support/vtn.js';

const RUNS = { numRuns: 120 };

/** Keys that mean something somewhere, with values that mostly do not fit. */
const anyBody = fc.oneof(
  fc.json().map((text): unknown => JSON.parse(text)),
  fc.dictionary(
    fc.constantFrom(
      'programName',
      'venName',
      'resourceName',
      'venID',
      'clientID',
      'objectType',
      'targets',
      'attributes',
      'resources',
      'intervalPeriod',
      'payloadDescriptors',
      'country',
      'bindingEvents',
      'id',
      '__proto__',
    ),
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 140 }),
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom('BL_VEN_REQUEST', 'VEN_VEN_REQUEST', 'BL_RESOURCE_REQUEST', 'VEN_RESOURCE_REQUEST', null),
      fc.array(fc.record({ type: fc.string({ minLength: 1 }), values: fc.array(fc.jsonValue()) }), { maxLength: 4 }),
    ),
  ),
);

const value = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.record({ x: fc.double({ noNaN: true, noDefaultInfinity: true }), y: fc.integer() }),
);
const attributes = fc.array(
  fc.record({ type: fc.string({ minLength: 1, maxLength: 100 }), values: fc.array(value, { maxLength: 5 }) }),
  { maxLength: 6 },
);

describe.each(VERSIONS)('OpenADR %s under any input', (version: WireVersion) => {
  let vtn: TestVtn;
  let api: Api;
  let kinds: Kind[];
  let logger: MemoryLogger;
  let counter = 0;

  beforeAll(async () => {
    logger = new MemoryLogger();
    vtn = await new TestVtn({ auth: false, logger }).start();
    api = vtn.api(version);
    const body = version === '3.0.1' ? { venName: 'parent' } : { objectType: 'VEN_VEN_REQUEST', venName: 'parent' };
    kinds = kindsOf(version, (await api.ok(api.post('/vens', body))).id);
  });
  afterAll(async () => {
    await vtn.stop();
    expect(logger.lines.filter((line) => line.level === 'error')).toEqual([]);
  });

  const expectOrderly = ({ status, body }: Answer) => {
    expect(status).toBeLessThan(500);
    if (status >= 400) expect(body).toMatchObject({ status, detail: expect.any(String) });
  };

  it('no body makes it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...kinds), anyBody, async (kind, body) => {
        const posted = await api.post(kind.path, body);
        expectOrderly(posted);
        if (posted.status !== 201) return;
        expectOrderly(await api.put(`${kind.path}/${posted.body.id}`, body));
        for (const other of VERSIONS) expectOrderly(await vtn.api(other).get('/vens'));
      }),
      RUNS,
    );
  });

  it('no field of an otherwise good body makes it fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...kinds), anyBody, async (kind, more) => {
        const body = { ...(typeof more === 'object' ? more : {}), ...kind.body(`n${++counter}`) };
        expectOrderly(await api.post(kind.path, body));
      }),
      RUNS,
    );
  });

  it('no query and no id makes it fail', async () => {
    const keys = ['limit', 'skip', 'targets', 'targetType', 'targetValues', 'venName', 'venID', 'resourceName', 'x'];
    const query = fc.array(fc.tuple(fc.constantFrom(...keys), fc.string({ unit: 'grapheme', maxLength: 12 })), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        query,
        fc.string({ unit: 'grapheme', maxLength: 40 }),
        async (kind, pairs, id) => {
          expectOrderly(await api.get(`${kind.path}?${new URLSearchParams(pairs)}`));
          expectOrderly(await api.get(`${kind.path}/${encodeURIComponent(id)}`));
        },
      ),
      RUNS,
    );
  });

  it('attributes and names come back as they were sent, over both versions', async () => {
    const parent = await makeVen(vtn, version, 'for round trips');
    const resource = kindsOf(version, parent.id)[2] as Kind;
    await fc.assert(
      fc.asyncProperty(attributes, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), async (sent, text) => {
        const resourceName = `${++counter} ${text}`;
        const made = await api.ok(api.post(resource.path, resource.body(resourceName, { attributes: sent })));
        // JSON has no minus zero.
        const expected = JSON.parse(JSON.stringify(sent));
        expect([made.resourceName, made.attributes]).toEqual([resourceName, expected]);
        for (const [other, path] of [
          ['3.0.1', `/vens/${parent.id}/resources`],
          ['3.1.0', '/resources'],
        ] as const) {
          const reader = vtn.api(other);
          expect((await reader.ok(reader.get(`${path}/${made.id}`))).attributes).toEqual(expected);
          const found = await reader.ok(reader.get(`${path}?${new URLSearchParams({ resourceName })}`));
          expect(found.map((r: { id: string }) => r.id)).toEqual([made.id]);
        }
      }),
      RUNS,
    );
  });
});
