import { describe, expect, test } from '@jest/globals';
import { VenfleetError } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { failed, isSkipped, Steps, skipped } from '../src/steps.js';

function rig() {
  const said: string[] = [];
  return { said, steps: new Steps(new FakeClock(), (line) => said.push(line)) };
}

describe('a step', () => {
  test('is told with what it found', async () => {
    const { said, steps } = rig();
    await steps.step('register', async () => '158 VENs');
    expect(said).toEqual(['  ok    register: 158 VENs (0.0 s)']);
  });

  test('that fails is told, and ends the run', async () => {
    const { said, steps } = rig();
    await expect(steps.step('event', () => Promise.reject(failed('no device is held')))).rejects.toThrow(VenfleetError);
    expect(said).toEqual(['  FAIL  event: no device is held (0.0 s)']);
  });

  test('that cannot be done here is no failure', async () => {
    const { said, steps } = rig();
    const error = await steps.step('build', () => Promise.reject(skipped('no Cargo'))).catch((e: unknown) => e);
    expect([isSkipped(error), isSkipped(failed('x')), said]).toEqual([true, false, []]);
  });
});
