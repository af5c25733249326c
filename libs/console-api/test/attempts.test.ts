import { describe, expect, test } from '@jest/globals';
import { minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { LoginAttempts } from '../src/server/index.js';

const limits = { most: 3, within: minutes(1) };

function failing(times: number, key = 'a', clock = new FakeClock()) {
  const attempts = new LoginAttempts(clock, limits);
  for (let i = 0; i < times; i++) attempts.failed(key);
  return { attempts, clock };
}

describe('failed logins', () => {
  test('one may fail a few times without having to wait', () => {
    expect(failing(2).attempts.waitS('a')).toBe(0);
  });

  test('whoever fails as often as is allowed has to wait until the time is over', async () => {
    const { attempts, clock } = failing(3);
    expect(attempts.waitS('a')).toBe(60);
    await clock.advance(seconds(45));
    expect(attempts.waitS('a')).toBe(15);
    await clock.advance(seconds(15));
    expect(attempts.waitS('a')).toBe(0);
  });

  test('others need not wait for it', () => {
    expect(failing(3).attempts.waitS('b')).toBe(0);
  });

  test('a success ends the count', () => {
    const { attempts } = failing(2);
    attempts.succeeded('a');
    attempts.failed('a');
    expect(attempts.waitS('a')).toBe(0);
  });

  test('failures under ever new names are forgotten, the oldest first', () => {
    const { attempts } = failing(3, 'first');
    for (let i = 0; i < 10_000; i++) attempts.failed(`other ${i}`);
    expect(attempts.waitS('first')).toBe(0);
    for (let i = 0; i < 2; i++) attempts.failed('other 9999');
    expect(attempts.waitS('other 9999')).toBe(60);
  });
});
