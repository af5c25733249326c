import { describe, expect, test } from '@jest/globals';
import { LiveFigureSeries, liveText } from '../../src/run/live-line.js';
import { type AgentStatus, notReady } from '../../src/run/status.js';
import { STATUS } from '../alerts/support.js';

const status = (metering: Partial<AgentStatus['metering']> = {}, rest: Partial<AgentStatus> = {}): AgentStatus => ({
  ...STATUS,
  metering: { ...STATUS.metering, ...metering },
  ...rest,
});

describe('an agent is ready', () => {
  test('while meters answer, reporting runs and no alarm is raised', () => {
    expect(notReady(status())).toEqual([]);
    expect(notReady(status({ answering: 1 }))).toEqual([]);
    expect(notReady(status({}, { reporting: undefined }))).toEqual([]);
    expect(notReady(status({ meters: 0, answering: 0 }))).toEqual([]);
  });

  test('not otherwise, and says why', () => {
    expect(notReady(status({ answering: 0 }))).toEqual(['no meter has answered yet']);
    expect(notReady(status({}, { alarms: new Map([['READINGS_DISK_FULL', 'no room']]) }))).toEqual([
      'READINGS_DISK_FULL: no room',
    ]);
    expect(notReady(status({}, { reporting: { acknowledged: 0, waiting: 0, problem: 'VTN down' } }))).toEqual([
      'no reporting: VTN down',
    ]);
  });
});

describe('the live line', () => {
  test('shows rates between two looks and shares of the slots that are over', () => {
    const series = new LiveFigureSeries();
    series.next(status({ readings: 100, onTime: 100, scheduled: 100 }), 0);
    const figures = series.next(status({ readings: 1100, onTime: 1090, failed: 10, scheduled: 1120 }), 10_000);
    expect(figures).toMatchObject({ readingsPerS: 100, onTime: 0.99 });
    expect(liveText({ ...figures, meters: 9714, answering: 9700, reports: { acknowledged: 1234, waiting: 2 } })).toBe(
      '9,700 of 9,714 meters answer · 100 readings/s · 99.0 % on time · 1,234 reports acknowledged, 2 waiting',
    );
  });

  test('says why meters do not answer, the most frequent reasons first', () => {
    const problems = { METER_TIMEOUT: 2, PROFILE_MISMATCH: 1, GATEWAY_UNREACHABLE: 1200, METER_SILENT: 1 };
    const figures = new LiveFigureSeries().next(status({ answering: 6, problems }, { reporting: undefined }), 0);
    expect(liveText(figures)).toBe(
      '6 of 10 meters answer (GATEWAY_UNREACHABLE 1,200, METER_TIMEOUT 2, PROFILE_MISMATCH 1, …) · 0 readings/s · – % on time',
    );
  });

  test('has the alarms that are raised', () => {
    const alarms = new Map([['READINGS_DISK_FULL', 'no room']] as const);
    const figures = new LiveFigureSeries().next(status({}, { reporting: undefined, alarms }), 0);
    expect(liveText(figures)).toBe('10 of 10 meters answer · 0 readings/s · – % on time · ALARM READINGS_DISK_FULL');
  });

  test('leaves out what is not known, and reports where nothing is reported', () => {
    const first = new LiveFigureSeries().next(status({}, { reporting: undefined }), 0);
    expect(liveText(first)).toBe('10 of 10 meters answer · 0 readings/s · – % on time');
  });
});
