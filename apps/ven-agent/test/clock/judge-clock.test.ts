import { describe, expect, test } from '@jest/globals';
import { instant, minutes, seconds } from '@venfleet/core';
import { type ClockFacts, doubtClock } from '../../src/clock/judge-clock.js';
import { systemTime } from '../../src/clock/system-time.js';

const at = (time: string) => instant(Date.parse(time));
const NOW = at('2026-06-01T12:00:00Z');
const facts = (over: Partial<ClockFacts> = {}): ClockFacts => ({
  now: NOW,
  system: 'silent',
  vtnOffset: undefined,
  newest: undefined,
  ...over,
});
const reason = (over: Partial<ClockFacts>, sync: 'auto' | 'require' | 'ignore' = 'auto') => doubtClock(facts(over), sync)?.reason;

describe('a clock is in doubt', () => {
  test.each(['auto', 'require', 'ignore'] as const)(
    'before venfleet was made, for certain, whatever else says so (%s)',
    (sync) => {
      const now = at('1970-01-01T00:02:00Z');
      expect(doubtClock(facts({ now, system: 'synchronised', vtnOffset: seconds(0) }), sync)).toEqual({
        reason: 'the clock says 1970-01-01T00:02:00.000Z, before venfleet was made',
        certain: true,
      });
    },
  );

  test('when it is more than a minute off the VTN’s, either way', () => {
    expect(reason({ vtnOffset: minutes(-90) })).toBe("the clock is 5400 s behind the VTN's");
    expect(reason({ vtnOffset: seconds(61) })).toBe("the clock is 61 s ahead of the VTN's");
  });

  test('when it is before the newest reading, which was taken at a time that was there', () => {
    expect(reason({ newest: instant(NOW + minutes(2)) })).toContain('the newest reading is of 2026-06-01T12:02:00.000Z');
  });

  test('when a time service is on it and no battery kept it going', () => {
    expect(reason({ system: 'waiting', newest: NOW })).toContain('time server');
  });

  test('when nothing speaks for it, where that is required', () => {
    expect(reason({}, 'require')).toBe('nothing says that the clock is right');
  });
});

describe('a clock is believed', () => {
  test.each([
    [
      'when the system has synchronised it, even if an earlier clock was ahead',
      { system: 'synchronised', newest: at('2038-01-19') },
    ],
    [
      'when the VTN has the same time, even before the system’s time service says so',
      { system: 'waiting', vtnOffset: seconds(-60) },
    ],
    ['when nothing speaks against it', { newest: instant(NOW + seconds(50)) }],
  ] as const)('%s', (_rule, over) => expect(reason(over)).toBeUndefined());

  test('when doubts are to be ignored, unless it cannot be right', () => {
    expect(reason({ system: 'waiting', vtnOffset: minutes(10), newest: at('2038-01-19') }, 'ignore')).toBeUndefined();
  });
});

describe('the system', () => {
  const FILE = '/run/systemd/timesync/synchronized';
  test.each([
    ['has synchronised its clock', [FILE], 'synchronised'],
    ['waits for a time server without a battery clock', ['/run/systemd/timesync'], 'waiting'],
    ['waits likewise under chrony', ['/run/chrony'], 'waiting'],
    ['has a battery clock', ['/run/systemd/timesync', '/sys/class/rtc/rtc0'], 'silent'],
    ['has no time service, as in a container', [], 'silent'],
  ] as const)('%s', (_what, files, state) => {
    expect(systemTime(FILE, (path) => (files as readonly string[]).includes(path))).toBe(state);
  });
});
