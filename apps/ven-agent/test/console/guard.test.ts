import { describe, expect, test } from '@jest/globals';
import { ConsoleProblem } from '@venfleet/console-api/server';
import { minutes } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { OperatorGuard } from '../../src/console/guard.js';

const TOKEN = 'a-token-of-24-characters';
const HERE = '127.0.0.1';

function statusOf(work: () => unknown): number {
  try {
    work();
    return 200;
  } catch (error) {
    if (error instanceof ConsoleProblem) return error.status;
    throw error;
  }
}

describe("the operator's token", () => {
  test('lets in whoever shows it, to look and no more', () => {
    const user = new OperatorGuard(TOKEN, new FakeClock()).admit(`Bearer ${TOKEN}`, HERE);
    expect(user).toMatchObject({ name: 'operator', mayWriteEvents: false, mayMakeFaults: false });
  });

  test.each([undefined, '', 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`, `Bearer ${TOKEN.slice(1)}`, 'Bearer a b'])(
    '%s lets nobody in',
    (header) => {
      expect(statusOf(() => new OperatorGuard(TOKEN, new FakeClock()).admit(header, HERE))).toBe(401);
    },
  );

  test('whoever guesses has to wait, also with the right one; others need not', async () => {
    const clock = new FakeClock();
    const guard = new OperatorGuard(TOKEN, clock);
    for (let i = 0; i < 10; i++) statusOf(() => guard.admit(`Bearer guess-${i}`, HERE));
    expect(statusOf(() => guard.admit(`Bearer ${TOKEN}`, HERE))).toBe(429);
    expect(statusOf(() => guard.admit(`Bearer ${TOKEN}`, '192.168.1.7'))).toBe(200);
    await clock.advance(minutes(1));
    expect(statusOf(() => guard.admit(`Bearer ${TOKEN}`, HERE))).toBe(200);
  });

  test('who shows none has not guessed', () => {
    const guard = new OperatorGuard(TOKEN, new FakeClock());
    for (let i = 0; i < 50; i++) statusOf(() => guard.admit(undefined, HERE));
    expect(statusOf(() => guard.admit(`Bearer ${TOKEN}`, HERE))).toBe(200);
  });

  test('a short one is refused at the start', () => {
    expect(() => new OperatorGuard('short', new FakeClock())).toThrow('fewer than 16 characters');
  });
});
