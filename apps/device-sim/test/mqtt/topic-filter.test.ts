import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { matchesFilter } from '../../src/mqtt/topic-filter.js';

describe('a topic filter (MQTT 3.1.1 §4.7)', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/#', 'sport', true],
    ['#', 'sport/tennis', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/broker', false],
    ['+/broker', '$SYS/broker', false],
    ['$SYS/#', '$SYS/broker', true],
    ['ACCOUNTS', 'Accounts', false],
  ])('%s and %s: %s, as the standard’s examples say', (filter, topic, matches) => {
    expect(matchesFilter(filter, topic)).toBe(matches);
  });

  const level = fc.constantFrom('a', 'b', '', 'meter');

  test('matches a topic in which any levels were replaced by + and the rest by #', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(level, fc.boolean()), { minLength: 1, maxLength: 6 }), fc.nat(6), (levels, cut) => {
        const topic = levels.map(([name]) => name).join('/');
        const plus = levels.map(([name, wild]) => (wild ? '+' : name));
        expect(matchesFilter(plus.join('/'), topic)).toBe(true);
        expect(matchesFilter([...plus.slice(0, cut), '#'].join('/'), topic)).toBe(true);
        expect(matchesFilter([...plus, 'more'].join('/'), topic)).toBe(false);
      }),
    );
  });
});
