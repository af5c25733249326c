import { describe, expect, test } from '@jest/globals';
import { hours, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { detailOf, runbookOf } from '../../src/alerts/model.js';
import { ALERTS } from '../../src/alerts/table.js';
import { AlertTracker } from '../../src/alerts/tracker.js';
import type { AgentHealth } from '../../src/health/health.js';
import { METRICS, samplesOf } from '../../src/ops/metric-table.js';
import { ALARM_CODES } from '../../src/readings/alarms.js';
import { healthOf, venOf } from './support.js';

const metricOf = (name: string) => {
  const metric = METRICS.find((one) => one.name === name);
  if (metric === undefined) throw new Error(`there is no metric ${name}`);
  return metric;
};

/** What fires after an hour of that health, and what one instance says. */
async function firing(health: AgentHealth): Promise<string[]> {
  const clock = new FakeClock();
  const tracker = new AlertTracker(ALERTS, clock);
  for (let i = 0; i < 60; i++) {
    tracker.update((name) => samplesOf(metricOf(name), health));
    await clock.advance(minutes(1));
  }
  const instances = tracker.instances().filter(({ state }) => state === 'firing');
  return instances.map(({ alert, labels, value }) => `${alert.name}: ${detailOf(alert, labels, value)}`);
}

const ven = (changes: Parameters<typeof venOf>[1]): Partial<AgentHealth> => ({
  vens: [venOf('Aalborg', changes), venOf('Vejle')],
});
const at = instant(Date.parse('2026-06-15T10:00:00Z'));
const certificate = (which: 'vtn' | 'webhook', days: number): Partial<AgentHealth> => ({
  at,
  certificates: [{ certificate: which, validUntil: instant(at + hours(24 * days)) }],
});
const disk = (freeBytes: number): Partial<AgentHealth> => ({ disks: [{ folder: '/data', freeBytes, totalBytes: 100 }] });

describe('no alert fires', () => {
  test('while all is well', async () => {
    expect(await firing(healthOf())).toEqual([]);
  });

  test.each<[string, Partial<AgentHealth>]>([
    ['what is not known', { clockOffset: undefined, disks: [], certificates: [] }],
    ['a VEN without meters and controllers', ven({ meters: 0, controllers: 0 })],
    ['one poll that is due', ven({ pollsMissed: 1 })],
    ['some reports on their way', ven({ reportsWaiting: 5 })],
    ['one dead meter of twenty', ven({ meters: 20, staleMeters: 1 })],
    ['one dead controller of twenty', ven({ controllers: 20, failingControllers: 1 })],
    ['a clock that is a second off', { clockOffset: seconds(-1) }],
    ['a disk with a tenth free', disk(10)],
    ['a certificate for three weeks', certificate('vtn', 21)],
  ])('for %s', async (_, changes) => {
    expect(await firing(healthOf(changes))).toEqual([]);
  });
});

describe('exactly one alert fires, and says what for', () => {
  test.each<[Partial<AgentHealth>, string]>([
    [ven({ isLost: true }), 'VenSilent: Aalborg cannot read the VTN’s events'],
    [ven({ pollsMissed: 9 }), 'EventFeedStalled: Aalborg is 9 looks behind'],
    [ven({ hasTokenProblem: true }), 'TokenFailing: Aalborg has no token that holds, or soon has none'],
    [ven({ reportsFailed: 2 }), 'ReportsFailing: Aalborg: the last 2 deliveries failed'],
    [ven({ reportsWaiting: 40 }), 'OutboxGrowing: Aalborg: 40 reports are due and not delivered'],
    [ven({ staleMeters: 2 }), 'MetersStale: Aalborg: 20 % of the meters are silent'],
    [
      ven({ unconfirmedControllers: 3 }),
      'ControllerNotConfirming: Aalborg: 3 controllers do not do what they were told, or to no effect',
    ],
    [ven({ failingControllers: 1 }), 'ControllersFailing: Aalborg: 10 % of the controllers could not be used in an event'],
    [{ clockOffset: seconds(-90) }, 'ClockOff: the clock differs from the VTN’s by -90 s'],
    [{ clockOffset: hours(5) }, 'ClockOff: the clock differs from the VTN’s by 5 h'],
    [disk(2), 'DiskLow: /data: 2.0 % of the disk is free'],
    [certificate('vtn', 3), 'CertificateExpiring: the certificate of the vtn is valid for 3 d'],
    [certificate('webhook', -1), 'CertificateExpiring: the certificate of the webhook is valid for -24 h'],
    [{ alarms: new Map([['READINGS_LOST', 'x']]) }, 'ReadingsAtRisk: READINGS_LOST is raised'],
    [{ alarms: new Map([['OUTBOX_UNWRITABLE', 'x']]) }, 'DatabaseUnwritable: OUTBOX_UNWRITABLE is raised'],
    [{ alarms: new Map([['CLOCK_IN_DOUBT', 'x']]) }, 'ClockInDoubt: CLOCK_IN_DOUBT is raised'],
    [{ alarms: new Map([['COPY_WAITING', 'x']]) }, 'CopyFailing: COPY_WAITING is raised'],
  ])('%#: %s', async (changes, told) => {
    expect(await firing(healthOf(changes))).toEqual([told]);
  });
});

test.each(ALARM_CODES)('exactly one alert tells of the alarm %s', async (code) => {
  expect(await firing(healthOf({ alarms: new Map([[code, 'x']]) }))).toEqual([
    expect.stringMatching(`^\\w+: ${code} is raised$`),
  ]);
});

describe('the table of alerts', () => {
  test('has each alert fire in the tests above', () => {
    // Whoever adds one adds its case.
    expect(ALERTS).toHaveLength(15);
  });

  test.each(ALERTS.map((alert) => [alert.name, alert] as const))(
    '%s is about a metric that there is, by its labels',
    (_, alert) => {
      const metric = metricOf(alert.metric);
      const known = ['value', ...(metric.labels ?? [])];
      const used = [...alert.detail.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(known).toEqual(expect.arrayContaining(used));
      if (alert.only !== undefined) expect(metric.labels).toContain(alert.only.label);
      expect(alert.for).toBeGreaterThanOrEqual(minutes(1));
      expect(alert.keep).toBeGreaterThan(milliseconds(0));
      expect(runbookOf(alert)).toBe(`docs/runbook.md#${alert.name.toLowerCase()}`);
    },
  );

  test('names no alert twice', () => {
    expect(new Set(ALERTS.map(({ name }) => name)).size).toBe(ALERTS.length);
  });
});
