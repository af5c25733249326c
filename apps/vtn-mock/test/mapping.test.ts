import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Api, TestVtn } from './support/vtn.js';

/** One store serves both versions: what is written over one is read over the other. */
describe('objects across versions', () => {
  let vtn: TestVtn;
  let old: Api;
  let now: Api;

  beforeAll(async () => {
    vtn = await new TestVtn().start();
    old = vtn.api('3.0.1', 'bl');
    now = vtn.api('3.1.0', 'bl');
  });
  afterAll(async () => await vtn.stop());

  it('3.0.1 targets keep their types over 3.0.1 and are their values over 3.1', async () => {
    const targets = [
      { type: 'VEN_NAME', values: ['a', 'b'] },
      { type: 'GROUP', values: ['b', 7, true, { x: 1, y: 2 }, '', 'x'.repeat(129)] },
    ];
    const { id } = await old.ok(old.post('/vens', { venName: 't1', targets }));
    expect((await old.ok(old.get(`/vens/${id}`))).targets).toEqual(targets);
    expect((await now.ok(now.get(`/vens/${id}`))).targets).toEqual(['a', 'b', '7', 'true']);
  });

  it('3.1 targets are one GROUP over 3.0.1', async () => {
    const { id } = await now.ok(now.post('/programs', { programName: 't2', targets: ['a', 'b'] }));
    const read = await old.ok(old.get('/programs?targetType=GROUP&targetValues=b'));
    expect(read).toMatchObject([{ id, targets: [{ type: 'GROUP', values: ['a', 'b'] }] }]);
    await now.ok(now.put(`/programs/${id}`, { programName: 't2', targets: [] }));
    expect((await old.ok(old.get(`/programs/${id}`))).targets).toEqual([]);
  });

  it('a 3.0.1 descriptor that does not say its kind is of one that its members fit', async () => {
    const payloadDescriptors = [
      { payloadType: 'PRICE', currency: 'EUR' },
      { payloadType: 'USAGE', readingType: 'DIRECT_READ' },
      { payloadType: 'PRICE', confidence: [] },
      { payloadType: 'USAGE', currency: {} },
    ];
    const { id } = await old.ok(old.post('/programs', { programName: 'd1', payloadDescriptors }));
    const kinds = (await now.ok(now.get(`/programs/${id}`))).payloadDescriptors.map((d: { objectType: string }) => d.objectType);
    expect(kinds).toEqual(['EVENT', 'REPORT', 'EVENT', 'REPORT'].map((kind) => `${kind}_PAYLOAD_DESCRIPTOR`));
  });

  it('3.0.1 program properties are 3.1 attributes, both ways', async () => {
    const properties = {
      programLongName: 'Long',
      retailerName: 'R',
      retailerLongName: 'Retailer',
      programType: 'T',
      country: 'DK',
      principalSubdivision: '82',
      timeZoneOffset: 'PT1H',
      bindingEvents: true,
      localPrice: false,
    };
    const attributes = [
      { type: 'PROGRAM_LONG_NAME', values: ['Long'] },
      { type: 'RETAILER_NAME', values: ['R'] },
      { type: 'RETAILER_LONG_NAME', values: ['Retailer'] },
      { type: 'PROGRAM_TYPE', values: ['T'] },
      { type: 'COUNTRY', values: ['DK'] },
      { type: 'PRINCIPAL_SUBDIVISION', values: ['82'] },
      { type: 'TIME_ZONE_OFFSET', values: ['PT1H'] },
      { type: 'BINDING_EVENTS', values: [true] },
      { type: 'LOCAL', values: [false] },
    ];
    const first = await old.ok(old.post('/programs', { programName: 'm1', ...properties }));
    expect(first).toMatchObject(properties);
    expect((await now.ok(now.get(`/programs/${first.id}`))).attributes).toEqual(attributes);
    const second = await now.ok(now.post('/programs', { programName: 'm2', attributes }));
    expect(await old.ok(old.get(`/programs/${second.id}`))).toMatchObject(properties);
  });

  it('what 3.0.1 cannot express of a program survives a PUT over 3.0.1', async () => {
    const attributes = [
      { type: 'PRIVATE', values: [1, 2] },
      { type: 'COUNTRY', values: ['DK', 'SE'] },
    ];
    const { id } = await now.ok(now.post('/programs', { programName: 'm3', attributes }));
    expect(await old.ok(old.get(`/programs/${id}`))).not.toHaveProperty('country');
    await old.ok(old.put(`/programs/${id}`, { programName: 'm3', country: 'NO' }));
    expect((await now.ok(now.get(`/programs/${id}`))).attributes).toEqual([
      { type: 'COUNTRY', values: ['NO'] },
      { type: 'PRIVATE', values: [1, 2] },
    ]);
  });

  it('payload descriptors and periods are completed as the other version demands', async () => {
    const payloadDescriptors = [
      { payloadType: 'PRICE', units: 'KWH' },
      { payloadType: 'USAGE', readingType: 'MEAN' },
    ];
    const first = await old.ok(old.post('/programs', { programName: 'm4', payloadDescriptors }));
    expect((await now.ok(now.get(`/programs/${first.id}`))).payloadDescriptors).toEqual([
      { ...payloadDescriptors[0], objectType: 'EVENT_PAYLOAD_DESCRIPTOR' },
      { ...payloadDescriptors[1], objectType: 'REPORT_PAYLOAD_DESCRIPTOR' },
    ]);
    const second = await now.ok(now.post('/programs', { programName: 'm5', intervalPeriod: { duration: 'PT1H' } }));
    expect(second.intervalPeriod).toEqual({ duration: 'PT1H' });
    expect((await old.ok(old.get(`/programs/${second.id}`))).intervalPeriod).toEqual({
      start: '0001-01-01T00:00:00Z',
      duration: 'PT1H',
    });
  });

  it('a ven that a VEN made over 3.0.1 is its own over 3.1, with its resources', async () => {
    const oldA = vtn.api('3.0.1', 'ven-a');
    const nowA = vtn.api('3.1.0', 'ven-a');
    const ven = await oldA.ok(oldA.post('/vens', { venName: 'own' }));
    await oldA.ok(oldA.post(`/vens/${ven.id}/resources`, { resourceName: 'r' }));
    expect(await nowA.ok(nowA.get('/vens'))).toMatchObject([{ id: ven.id, clientID: 'ven-a' }]);
    expect(await nowA.ok(nowA.get('/resources'))).toMatchObject([{ resourceName: 'r', venID: ven.id, clientID: 'ven-a' }]);
    // 3.0.1 allows it more; over 3.1 such a ven is nobody's.
    const second = await oldA.ok(oldA.post('/vens', { venName: 'own too' }));
    expect((await now.ok(now.get(`/vens/${second.id}`))).clientID).toBe(second.id);
    expect(await nowA.ok(nowA.get('/vens'))).toHaveLength(1);
  });

  it('a ven that business logic made over 3.0.1 belongs to the client that the credentials name for it', async () => {
    const ven = await old.ok(old.post('/vens', { venName: 'B' }));
    const nowB = vtn.api('3.1.0', 'ven-b');
    expect(await nowB.ok(nowB.get('/vens'))).toMatchObject([{ id: ven.id, venName: 'B', clientID: 'ven-b' }]);
  });

  it('a resource made over 3.1 is below its ven over 3.0.1', async () => {
    const ven = await now.ok(now.post('/vens', { objectType: 'BL_VEN_REQUEST', clientID: 'c', venName: 'r31' }));
    const made = await now.ok(now.post('/resources', { objectType: 'BL_RESOURCE_REQUEST', venID: ven.id, resourceName: 'r' }));
    const { clientID: _, ...same } = made;
    expect(await old.ok(old.get(`/vens/${ven.id}/resources`))).toEqual([same]);
    await old.ok(old.put(`/vens/${ven.id}`, { venName: 'r31 renamed' }));
    expect((await now.ok(now.get(`/vens/${ven.id}`))).clientID).toBe('c');
  });
});
