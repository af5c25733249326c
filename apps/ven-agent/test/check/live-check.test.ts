import { describe, expect, test } from '@jest/globals';
import { instant, seconds, VenfleetError, watts } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Resource } from '@venfleet/resource-db';
import { checkDevices } from '../../src/check/live-check.js';
import type { Controller, ControllerReport } from '../../src/control/model.js';
import type { MeterChannel, Sample } from '../../src/metering/meter.js';

const resource = { id: 1, resourceId: 'r-1', name: 'Site', pMax: watts(10_000) } as Resource;
const NOTHING = { gateways: [], brokers: [], files: [], unmetered: [], uncontrolled: [] };
const sample = (powerW: number): Sample => ({ at: instant(0), values: { powerW } });
const report = (state: ControllerReport['state']): ControllerReport => ({ held: null, isTold: true, timeLeft: undefined, state });

/** A broker with one device, whose answers are these, the last one again and again. */
function channel(answers: (() => Sample)[], states: ControllerReport['state'][] = []): MeterChannel & { log: string[] } {
  const log: string[] = [];
  return {
    log,
    name: 'mqtt h:1',
    reachable: true,
    start: () => void log.push('start'),
    stop: async () => void log.push('stop'),
    drivers: [
      { resource, where: 'a (b)', read: async () => [((answers.length > 1 ? answers.shift() : answers[0]) as () => Sample)()] },
    ],
    controllers: states.map(
      (state): Controller => ({
        resource,
        dialect: { decode: () => report(state) } as unknown as Controller['dialect'],
        read: async () => ({}),
        write: () => Promise.reject(new Error('a check writes nothing')),
        listen: () => {},
      }),
    ),
  };
}
const throwing = (code: string) => () => {
  throw new VenfleetError(code, 'why');
};

async function found(of: MeterChannel, advance = 0) {
  const clock = new FakeClock();
  const checked = checkDevices(NOTHING, [of], clock);
  for (let s = 0; s < advance; s++) await clock.advance(seconds(1));
  return (await checked).map(({ subject, status, message }) => [subject, status, message]);
}

describe('a meter', () => {
  test('is told with its value', async () => {
    expect(await found(channel([() => sample(2500)]))).toEqual([
      ['broker', 'ok', '1 of 1 devices answer'],
      ['meter', 'ok', '2.50 kW'],
    ]);
  });

  test('that has not spoken yet is waited for', async () => {
    const late = channel([throwing('METER_STALE'), throwing('METER_STALE'), () => sample(0)]);
    expect((await found(late, 5))[1]).toEqual(['meter', 'ok', '0.00 kW']);
  });

  test('that stays silent fails after fifteen seconds, and so does its broker', async () => {
    expect(await found(channel([throwing('METER_STALE')]), 20)).toEqual([
      ['broker', 'fail', 'can be reached, but none of its devices answers'],
      ['meter', 'fail', 'why'],
    ]);
  });

  test('that says more than its site can draw is told', async () => {
    expect((await found(channel([() => sample(90_000)])))[1]).toEqual(['meter', 'warn', expect.stringContaining('IMPLAUSIBLE')]);
  });
});

test.each([
  ['free', 'ok'],
  ['holding', 'ok'],
  ['overridden', 'warn'],
  ['fault', 'fail'],
] as const)('a controller that is %s: %s', async (state, status) => {
  expect((await found(channel([() => sample(1)], [state]))).at(-1)).toEqual(['controller', status, state]);
});

test('a resource that cannot be read at all is told', async () => {
  const plan = { ...NOTHING, unmetered: [{ resource, reason: 'it has no connection to a meter', hint: undefined }] };
  expect(await checkDevices(plan, [], new FakeClock())).toMatchObject([
    { subject: 'meter', status: 'fail', message: 'it has no connection to a meter', cure: expect.any(String) },
  ]);
});

test('channels are stopped again', async () => {
  const one = channel([() => sample(1)]);
  await found(one);
  expect(one.log).toEqual(['start', 'stop']);
});
