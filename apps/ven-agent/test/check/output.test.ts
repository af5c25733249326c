import { expect, test } from '@jest/globals';
import type { Finding } from '../../src/check/finding.js';
import { findingsText } from '../../src/check/output.js';

const meter = (n: number, more: Partial<Finding> = {}): Finding => ({
  subject: 'meter',
  status: 'ok',
  about: `site ${n}`,
  message: `${n} kW`,
  ...more,
});
const many = (length: number, more?: Partial<Finding>) => Array.from({ length }, (_, n) => meter(n, more));

test('each finding is one line, with its cure below', () => {
  expect(findingsText([meter(1), meter(2, { status: 'fail', cure: 'turn it on' })])).toBe(
    [
      'ok    meter           site 1: 1 kW',
      'fail  meter           site 2: 2 kW',
      '                      → turn it on',
      '1 ok, 0 to look at, 1 failed',
    ].join('\n'),
  );
});

test('more than fifty that are fine are counted', () => {
  expect(findingsText(many(51))).toBe('ok    meter           51 are as they should be\n51 ok, 0 to look at, 0 failed');
  expect(findingsText(many(51, { message: 'all 8 are registered' }))).toContain('51: all 8 are registered');
});

test('of what is wrong, the first twenty are told', () => {
  const text = findingsText(many(25, { status: 'warn' }));
  expect(text.split('\n')).toHaveLength(22);
  expect(text).toContain('… and 5 more; --json tells every one');
});

test('what many have in common is told once', () => {
  const text = findingsText(many(3, { status: 'fail', message: 'no connection', cure: 'turn it on' }));
  expect(text.split('\n').slice(0, 2)).toEqual([
    'fail  meter           site 0 and 2 more: no connection',
    '                      → turn it on',
  ]);
});
