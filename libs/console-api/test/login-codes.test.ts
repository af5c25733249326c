import { describe, expect, test } from '@jest/globals';
import { minutes } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { isLoopback, LoginCodes } from '../src/server/index.js';

const HERE = '127.0.0.1';

function issued(clock = new FakeClock()) {
  const codes = new LoginCodes(clock, minutes(15));
  return { codes, code: codes.issue(), clock };
}

describe('login codes', () => {
  test('a code is good for one login', () => {
    const { codes, code } = issued();
    expect(codes.isOpen).toBe(true);
    expect(codes.redeem(code, HERE)).toBe(true);
    expect(codes.isOpen).toBe(false);
    expect(codes.redeem(code, HERE)).toBe(false);
  });

  test('a code is of no use on another machine, and stays good for this one', () => {
    const { codes, code } = issued();
    expect(codes.redeem(code, '192.168.1.7')).toBe(false);
    expect(codes.redeem(code, '::ffff:127.0.0.1')).toBe(true);
  });

  test('a wrong code logs nobody in, and does not spend the right one', () => {
    const { codes, code } = issued();
    expect(codes.redeem(`${code}x`, HERE)).toBe(false);
    expect(codes.redeem('', HERE)).toBe(false);
    expect(codes.redeem(code, HERE)).toBe(true);
  });

  test('a code is of no use any more after its time', async () => {
    const { codes, code, clock } = issued();
    await clock.advance(minutes(15));
    expect(codes.isOpen).toBe(false);
    expect(codes.redeem(code, HERE)).toBe(false);
  });

  test('a new code takes the place of the one before', () => {
    const { codes, code } = issued();
    const next = codes.issue();
    expect(next).not.toBe(code);
    expect(codes.redeem(code, HERE)).toBe(false);
    expect(codes.redeem(next, HERE)).toBe(true);
  });

  test.each([
    ['127.0.0.1', true],
    ['127.8.9.10', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:10.0.0.1', false],
    ['10.127.0.0', false],
    ['', false],
    ['127.0.0.1.example.org', false],
  ])('%s is of this machine alone: %s', (address, is) => {
    expect(isLoopback(address)).toBe(is);
  });
});
