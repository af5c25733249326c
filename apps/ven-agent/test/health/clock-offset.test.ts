import { describe, expect, test } from '@jest/globals';
import { type Duration, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { HttpResponse, HttpTransport } from '@venfleet/openadr';
import { ClockOffset } from '../../src/health/clock-offset.js';

/** A VTN whose clock goes right, and a VEN whose clock is off by so much. */
class Pair {
  readonly clock = new FakeClock('2026-06-15T10:00:00Z');
  readonly offset = new ClockOffset(this.clock);
  readonly #transport: HttpTransport;
  headers: Record<string, string> = {};
  tookMs = 100;
  vtnAheadMs = 0;

  constructor() {
    const request = async (): Promise<HttpResponse> => {
      await this.clock.advance(this.tookMs as Duration);
      const date = new Date(this.clock.now() + this.vtnAheadMs - this.tookMs / 2).toUTCString();
      return { status: 200, headers: { date, ...this.headers }, body: '' };
    };
    this.#transport = this.offset.watch({ request, close: async () => undefined });
  }

  async ask(times = 1): Promise<number | undefined> {
    for (let i = 0; i < times; i++) await this.#transport.request({ method: 'GET', url: 'http://vtn/', headers: {} });
    return this.offset.value === undefined ? undefined : Math.round(this.offset.value / 1000) + 0;
  }
}

describe('the offset of the clock', () => {
  test('is not known before the VTN has answered, or where it does not tell its time', async () => {
    const pair = new Pair();
    expect(pair.offset.value).toBeUndefined();
    pair.headers = { date: 'soon' };
    expect(await pair.ask()).toBeUndefined();
  });

  test.each([0, 90, -90, 86_400])('is found where the VTN is %d s ahead', async (ahead) => {
    const pair = new Pair();
    pair.vtnAheadMs = 1000 * ahead;
    expect(await pair.ask()).toBeCloseTo(-ahead, 0);
  });

  test('is not shaken by one odd answer, but follows a step', async () => {
    const pair = new Pair();
    await pair.ask(5);
    pair.vtnAheadMs = 3_600_000;
    expect(await pair.ask()).toBe(0);
    expect(await pair.ask(2)).toBe(-3600);
  });

  test('is not taken from a cache’s answer, nor from one that took too long, nor over a step', async () => {
    const pair = new Pair();
    await pair.ask(5);
    pair.vtnAheadMs = -minutes(5);
    pair.headers = { age: '300' };
    expect(await pair.ask(9)).toBe(0);
    pair.headers = {};
    pair.tookMs = seconds(6);
    expect(await pair.ask(9)).toBe(0);
  });
});
