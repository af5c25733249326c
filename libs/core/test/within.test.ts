import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import { isAbort, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { within } from '../src/within.js';

/** Work that goes on until it is told to end. */
const endless = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

describe('within', () => {
  test('gives what the work gives in time', async () => {
    const { signal } = new AbortController();
    expect(await within(seconds(5), { clock: new FakeClock(), signal }, async () => 'done')).toBe('done');
  });

  test('tells the work to end when the time is over', async () => {
    const clock = new FakeClock();
    const ended = within(seconds(5), { clock, signal: new AbortController().signal }, endless).catch((error: unknown) => error);
    await clock.advance(seconds(5));
    expect(isAbort(await ended)).toBe(true);
  });

  test('tells it the reason of the signal, also of one that was aborted before', async () => {
    const reason = new Error('the agent stops');
    const controller = new AbortController();
    const options = { clock: new FakeClock(), signal: controller.signal };
    const ended = within(seconds(5), options, endless);
    controller.abort(reason);
    await expect(ended).rejects.toBe(reason);
    await within(seconds(5), options, async (signal) => expect(signal.reason).toBe(reason));
  });

  test('leaves nothing behind, neither at the signal nor asleep, however often it is called', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    for (let i = 0; i < 100; i++) await within(seconds(5), { clock, signal }, async () => i);
    expect([getEventListeners(signal, 'abort').length, clock.sleeping]).toEqual([0, 0]);
  });
});
