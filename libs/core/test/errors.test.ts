import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { describeError, isAbort, isVenfleetError, systemCode, VenfleetError } from '@venfleet/core';

const coded = (code: string, message = code) => Object.assign(new Error(message), { code });

describe('VenfleetError', () => {
  test('it carries code, message, context, hint, details and cause', () => {
    const cause = new Error('why');
    const error = new VenfleetError('A_CODE', 'what', { context: { line: 3 }, hint: 'do this', details: ['a', 'b'], cause });
    expect(error).toMatchObject({
      code: 'A_CODE',
      message: 'what',
      context: { line: 3 },
      hint: 'do this',
      details: ['a', 'b'],
      cause,
    });
    expect(error.name).toBe('VenfleetError');
  });

  test('without options it has no cause at all', () => {
    expect('cause' in new VenfleetError('A_CODE', 'what')).toBe(false);
    expect(new VenfleetError('A_CODE', 'what')).toMatchObject({ context: {}, hint: undefined, details: [] });
  });

  test('isVenfleetError asks for any code, or for one of those given', () => {
    const error = new VenfleetError('A', 'what');
    expect(isVenfleetError(error)).toBe(true);
    expect(isVenfleetError(error, 'B', 'A')).toBe(true);
    expect(isVenfleetError(error, 'B')).toBe(false);
    expect(isVenfleetError(coded('A'))).toBe(false);
  });
});

describe('systemCode', () => {
  test("it is the error's own code", () => {
    expect(systemCode(coded('ENOENT'))).toBe('ENOENT');
  });

  test('it is found through causes, past our own codes', () => {
    const error = new VenfleetError('VTN_UNREACHABLE', 'a', { cause: new TypeError('b', { cause: coded('ECONNREFUSED') }) });
    expect(systemCode(error)).toBe('ECONNREFUSED');
  });

  test('the nearest one wins', () => {
    expect(systemCode(Object.assign(coded('OUTER'), { cause: coded('INNER') }))).toBe('OUTER');
  });

  test('it is found in an AggregateError, also as a cause and also nested', () => {
    const addresses = new AggregateError([new Error('no code'), coded('ECONNREFUSED')], '');
    expect(systemCode(addresses)).toBe('ECONNREFUSED');
    expect(systemCode(new Error('fetch failed', { cause: new AggregateError([addresses]) }))).toBe('ECONNREFUSED');
  });

  test('it is found in an error of another realm', () => {
    expect(systemCode(runInNewContext('Object.assign(new Error("x"), { code: "ENOSPC" })'))).toBe('ENOSPC');
    expect(systemCode(thrownBy(() => readFileSync('/does/not/exist')))).toBe('ENOENT');
  });

  test('a ring of causes ends the search', () => {
    const error = new Error('ring');
    error.cause = error;
    expect(systemCode(error)).toBeUndefined();
  });

  test.each([undefined, null, 'text', 7, {}, { code: 'ENOENT' }, new DOMException('x', 'AbortError')])('%p has none', (value) => {
    expect(systemCode(value)).toBeUndefined();
  });
});

describe('isAbort', () => {
  test("it recognises the signal's own reason and Node's error around it, and nothing else", async () => {
    expect(isAbort(AbortSignal.abort().reason)).toBe(true);
    expect(isAbort(runInNewContext('Object.assign(new Error("x"), { name: "AbortError" })'))).toBe(true);
    expect(isAbort(new Error('AbortError'))).toBe(false);
    expect(isAbort(undefined)).toBe(false);
  });
});

describe('describeError', () => {
  test('an error is its message, or its name when it has none', () => {
    expect(describeError(new TypeError('what'))).toBe('what');
    expect(describeError(new TypeError())).toBe('TypeError');
  });

  test('an AggregateError without a message is its parts', () => {
    expect(describeError(new AggregateError([new Error('a'), new Error('b')], ''))).toBe('a; b');
    expect(describeError(new AggregateError([new Error('a')], 'all'))).toBe('all');
  });

  test('it is one line, whatever was thrown', () => {
    expect(describeError(new Error('first\nsecond'))).toBe('first');
    expect([undefined, null, 'text', 7].map(describeError)).toEqual(['undefined', 'null', 'text', '7']);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
