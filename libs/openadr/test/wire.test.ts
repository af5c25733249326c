import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { TSchema } from 'typebox';
import { isDateTime, queryParser, validator, wire301, wire310 } from '../src/index.js';

const at = '2026-06-15T09:30:00Z';
const metadata = { id: 'a-1', createdDateTime: at, modificationDateTime: at };

describe('every schema', () => {
  const all = Object.entries({ ...prefixed('301', wire301), ...prefixed('310', wire310) });
  const ajv = new Ajv2020();
  it.each(all)('%s is valid JSON Schema, compiles in strict mode and has a title', (_name, schema) => {
    expect(ajv.validateSchema(schema)).toBe(true);
    expect(schema).toHaveProperty('title');
    expect(validator(schema).mistakes(null)).toEqual(['(body): must be object']);
  });
});

function prefixed(prefix: string, schemas: object): Record<string, TSchema> {
  return Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [`${prefix}.${key}`, schema as TSchema]));
}

describe('validator', () => {
  it('lists every mistake as path and reason', () => {
    const event = { programID: 'not an id', priority: -1, intervals: [{ payloads: [{ type: '', values: [null] }] }] };
    expect(validator(wire301.EventRequest).mistakes(event).sort()).toEqual([
      'intervals.0.id: is missing',
      'intervals.0.payloads.0.type: must NOT have fewer than 1 characters',
      'intervals.0.payloads.0.values.0: must be number or string or boolean or object',
      'priority: must be >= 0',
      'programID: must match pattern "^[a-zA-Z0-9_-]*$"',
    ]);
    expect(validator(wire301.EventRequest).is(event)).toBe(false);
  });

  it('allows unknown properties and null for optional nullable ones, not for plain ones', () => {
    const check = validator(wire310.EventRequest);
    expect(check.mistakes({ programID: 'p', targets: null, priority: null, future: [1], id: 'no id!' })).toEqual([]);
    expect(check.mistakes({ programID: 'p', intervalPeriod: null })).toEqual(['intervalPeriod: must be object']);
  });

  it('judges a 3.1 ven request by the objectType that it names', () => {
    const check = validator(wire310.VenRequest);
    expect(check.mistakes({ objectType: 'VEN_VEN_REQUEST', venName: 'Aalborg' })).toEqual([]);
    expect(check.mistakes({ objectType: 'BL_VEN_REQUEST', venName: 'Aalborg' })).toEqual(['clientID: is missing']);
    expect(check.mistakes({ venName: 'Aalborg' })).toEqual(['objectType: is missing']);
    expect(check.mistakes({ objectType: 'VEN', venName: 'Aalborg' })).toEqual(['objectType: has the unknown value "VEN"']);
  });

  it('keeps names between 1 and 128 characters', () => {
    const check = validator(wire301.VenRequest);
    for (const [length, right] of [
      [0, false],
      [1, true],
      [128, true],
      [129, false],
    ] as const) {
      expect(check.is({ venName: 'x'.repeat(length) })).toBe(right);
    }
  });

  it('accepts each version’s own objects and not the other’s', () => {
    const ven = { ...metadata, objectType: 'VEN', venName: 'Aalborg' };
    expect(validator(wire301.Ven).is({ ...ven, targets: [{ type: 'GROUP', values: ['a'] }] })).toBe(true);
    expect(validator(wire310.Ven).is({ ...ven, clientID: 'c', targets: [{ type: 'GROUP', values: ['a'] }] })).toBe(false);
    expect(validator(wire310.Ven).is({ ...ven, clientID: 'c', targets: ['a'] })).toBe(true);
    const notification = { objectType: 'VEN', object: { ...ven, clientID: 'c' } };
    expect(validator(wire301.Notification).is({ ...notification, operation: 'POST' })).toBe(true);
    expect(validator(wire310.Notification).is({ ...notification, operation: 'POST' })).toBe(false);
    expect(validator(wire310.Notification).is({ ...notification, operation: 'CREATE' })).toBe(true);
  });

  it('never throws, whatever JSON it is given', () => {
    const checks = [wire301.ProgramRequest, wire310.ResourceRequest, wire310.Notification].map((schema: TSchema) =>
      validator(schema),
    );
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const check of checks) expect(check.mistakes(value).length === 0).toBe(check.is(value));
      }),
    );
  });

  it('tells a bounded number of mistakes', () => {
    const intervals = Array.from({ length: 1000 }, (_, id) => ({ id: `${id}` }));
    expect(validator(wire301.EventRequest).mistakes({ programID: 'p', intervals })).toHaveLength(50);
  });
});

describe('date and time', () => {
  it.each([
    at,
    '2026-06-15T09:30:00.123456+00:00',
    '2026-06-15t09:30:00-07:00',
    '0001-01-01',
    '0001-01-01T00:00:00',
    '0001-01-01T00:00:00Z',
    '0000-00-00',
    '0000-01-01T00:00:00Z',
  ])('takes %s', (text) => expect(isDateTime(text)).toBe(true));

  it.each(['', '2026-06-15', '2026-06-15T09:30:00', '2026-13-01T00:00:00Z', 'now', '00010101'])('refuses "%s"', (text) =>
    expect(isDateTime(text)).toBe(false),
  );
});

describe('duration', () => {
  const period = validator(wire310.IntervalPeriod);
  it.each(['PT1H', 'P9999Y', 'PT0S', 'P0Y0M0DT1H0M0S', '-PT5M', 'P2W', 'PT0.5S'])('takes %s', (duration) =>
    expect(period.is({ duration })).toBe(true),
  );
  it.each(['', 'P', 'PT', '1H', 'P1W2D', 'PT1.5H', 'PT1H '])('refuses "%s"', (duration) =>
    expect(period.is({ duration })).toBe(false),
  );
});

describe('queryParser', () => {
  it('turns texts into numbers, booleans and lists', () => {
    const parse = queryParser(wire310.EventQuery);
    expect(parse({ skip: '5', limit: '50', active: 'true', targets: 'a' })).toEqual({
      ok: true,
      query: { skip: 5, limit: 50, active: true, targets: ['a'] },
    });
    expect(parse({ targets: ['a', 'b'] })).toEqual({ ok: true, query: { targets: ['a', 'b'] } });
  });

  it.each(['51', '-1', 'abc', '', '1.5', '1e1', '0x5', ' 5', '5.0', '+5'])('refuses limit=%s', (limit) => {
    expect(queryParser(wire301.VenQuery)({ limit })).toEqual({ ok: false, mistakes: [expect.stringMatching(/^limit: /)] });
  });

  it('takes targetType and targetValues only together in 3.0.1', () => {
    const parse = queryParser(wire301.ProgramQuery);
    expect(parse({ targetType: 'GROUP', targetValues: 'a' }).ok).toBe(true);
    for (const query of [{ targetType: 'GROUP' }, { targetValues: 'a' }, { targetType: 'GROUP', targetValues: '' }]) {
      expect(parse(query).ok).toBe(false);
    }
  });

  it('leaves what it was given as it was', () => {
    const raw = Object.freeze({ skip: '5' });
    queryParser(wire301.VenQuery)(raw);
    expect(raw).toEqual({ skip: '5' });
  });
});
