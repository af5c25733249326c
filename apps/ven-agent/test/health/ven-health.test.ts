import { describe, expect, test } from '@jest/globals';
import { instant, watts } from '@venfleet/core';
import { VtnError } from '@venfleet/openadr';
import type { ControlState } from '../../src/control/model.js';
import { type HealthSources, venHealth } from '../../src/health/ven-health.js';
import type { MeterStatus } from '../../src/metering/metering.js';
import { resource } from '../metering/support.js';

const NAME = resource(1).ven;
const counts = { scheduled: 1, onTime: 1, late: 0, failed: 0, skipped: 0 };
const meter = (id: number, changes: Partial<MeterStatus> = {}): MeterStatus => ({
  resource: resource(id),
  where: `modbus gw:502 unit ${id}`,
  ...counts,
  problem: undefined,
  hasAnswered: true,
  ...changes,
});
const problem = { code: 'CONTROLLER_SILENT', message: 'no answer', since: instant(0) };
const limit = { setpoint: { kind: 'limit', limit: watts(5) } } as ControlState['wanted'];
const free = { setpoint: { kind: 'free' } } as ControlState['wanted'];
const controller = (status: ControlState['status'], wanted: ControlState['wanted'], failing = false): ControlState => ({
  resource: resource(1),
  status,
  wanted,
  held: undefined,
  heardAt: undefined,
  confirmedAt: undefined,
  problem: failing ? problem : undefined,
  obeys: !failing,
});

function health(changes: Partial<HealthSources>) {
  const [found] = venHealth({
    vens: [NAME],
    meters: [],
    controllers: [],
    feed: () => ({ isCurrent: true, lostBy: undefined, pollsMissed: 0 }),
    tokenProblem: () => undefined,
    deliveries: new Map(),
    ...changes,
  });
  if (found === undefined) throw new Error('there is no VEN');
  return found;
}

describe('the health of a VEN', () => {
  test('counts meters that failed last or have never answered as stale', () => {
    const meters = [
      meter(1),
      meter(2, { hasAnswered: false }),
      meter(3, { problem: { code: 'METER_TIMEOUT', message: '', hint: undefined } }),
    ];
    expect(health({ meters })).toMatchObject({ meters: 3, staleMeters: 2 });
  });

  test.each<[string, ControlState, number, number]>([
    ['holds what is wanted', controller('holding', limit), 0, 0],
    ['needs not hold what is wanted', controller('free', limit), 0, 0],
    ['does not confirm', controller('pending', limit), 0, 1],
    ['is overridden on site', controller('overridden', limit), 0, 1],
    ['confirms, to no effect', controller('holding', limit, true), 1, 1],
    ['waits for its turn to be released', controller('restoring', free), 0, 0],
    ['cannot be released', controller('restoring', free, true), 1, 1],
    ['is silent, with nothing asked of it', controller('unknown', undefined, true), 1, 0],
  ])('a controller that %s counts as failing, or as unconfirmed, accordingly', (_, state, failing, unconfirmed) => {
    expect(health({ controllers: [state] })).toMatchObject({
      controllers: 1,
      failingControllers: failing,
      unconfirmedControllers: unconfirmed,
    });
  });

  test('is lost where the VTN cannot be read, or was not yet; never where there is none', () => {
    const feed = (isCurrent: boolean, lostBy?: 'VTN_TIMEOUT') => () => ({ isCurrent, lostBy, pollsMissed: 0 });
    expect(health({}).isLost).toBe(false);
    expect(health({ feed: feed(false) }).isLost).toBe(true);
    expect(health({ feed: feed(true, 'VTN_TIMEOUT') }).isLost).toBe(true);
    expect(health({ feed: () => undefined }).isLost).toBe(false);
  });

  test('has a token problem where it is refused, or where no new one comes though the VTN is there', () => {
    const lost = (lostBy: 'VTN_AUTH' | 'VTN_UNAUTHORIZED' | 'VTN_UNREACHABLE') => () => ({
      isCurrent: true,
      lostBy,
      pollsMissed: 0,
    });
    const refused = () => new VtnError('VTN_AUTH', 'no', { status: 401 });
    const away = () => new VtnError('VTN_UNREACHABLE', 'away');
    expect(health({ feed: lost('VTN_AUTH') }).hasTokenProblem).toBe(true);
    expect(health({ feed: lost('VTN_UNAUTHORIZED') }).hasTokenProblem).toBe(true);
    expect(health({ tokenProblem: refused }).hasTokenProblem).toBe(true);
    expect(health({ tokenProblem: away }).hasTokenProblem).toBe(true);
    expect(health({ tokenProblem: away, feed: lost('VTN_UNREACHABLE') }).hasTokenProblem).toBe(false);
    expect(health({ feed: lost('VTN_UNREACHABLE') }).hasTokenProblem).toBe(false);
  });

  test('knows how its deliveries go, and nothing of other VENs', () => {
    const deliveries = new Map([[NAME, { waiting: 3, failed: 1 }]]);
    expect(health({ deliveries })).toMatchObject({ reportsWaiting: 3, reportsFailed: 1 });
    const [own, other] = venHealth({
      vens: ['Nowhere', NAME],
      meters: [meter(1)],
      controllers: [],
      feed: () => undefined,
      tokenProblem: () => undefined,
      deliveries,
    });
    expect(own).toMatchObject({ ven: 'Nowhere', meters: 0, reportsWaiting: 0 });
    expect(other).toMatchObject({ ven: NAME, meters: 1, reportsWaiting: 3 });
  });
});
