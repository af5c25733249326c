import { hours, type Instant, instant, minutes, seconds } from '@venfleet/core';
import { formatDateTime } from '@venfleet/openadr';
import { Nonconformity, NotCheckable } from '@venfleet/openadr/conform';
import { BOTH, type Line, ONLY_310 } from '../line.js';
import type { Seat } from '../seats.js';
import { cap, limitOf, period, type Trial } from '../trial.js';

const after = (at: Instant, min: number): Instant => instant(at + minutes(min));
const interval = (id: number, kw: number, more: object = {}) => ({ id, ...more, payloads: [limitOf(kw)] });

/** How near the moment at which a random shift ends is looked for. */
const NEAR = seconds(5);

export const TIMES: readonly Line[] = [
  {
    number: 67,
    title: 'Treats years 0000 and 0001 as now; parses P9999Y, PT0S and fully spelled durations',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(2);
      // Were it not cancelled, it would go before all others.
      await trial.event(cap(5, '0001-01-01T00:00:00Z', 'PT0S', { priority: 0 }));
      await trial.event(cap(31, '0001-01-01T00:00:00Z', 'P9999Y', { priority: 9 }));
      await trial.event(cap(21, '0000-01-01T00:00:00Z', 'PT1H', { priority: 5 }));
      await trial.event(cap(11, day, 'P0Y0M0DT1H30M0S', { priority: 5 }));
      await trial.limit(seat, undefined, 21, 'an event that begins in the year 0000, which means now');
      await trial.limit(seat, trial.inS(7200), 31, 'one that begins in the year 0001 and lasts P9999Y');
      await trial.limit(seat, after(trial.day(3650), 0), 31, 'P9999Y has no end');
      await trial.limit(seat, after(day, 89), 11, 'P0Y0M0DT1H30M0S is an hour and a half');
      await trial.limit(seat, after(day, 91), 31, 'P0Y0M0DT1H30M0S is over after an hour and a half');
    },
  },
  {
    number: 68,
    title: 'Inherits period fields and chains later intervals',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(3);
      // In 3.0.1 a period has a start.
      const third = trial.in301 ? period(after(day, 120), 'PT30M') : period(undefined, 'PT30M');
      await trial.event({
        ...period(day, 'PT1H'),
        intervals: [interval(7, 10), interval(3, 20), interval(5, 30, third), interval(4, 40)],
      });
      const expected = [
        [30, 10, 'the event’s period'],
        [90, 20, 'after the first, as long as the event’s period says'],
        [135, 30, 'a period of its own'],
        [165, 40, 'after the third, which is shorter'],
        [205, 40, 'with the duration of the event’s period'],
        [215, null, 'after the last'],
        [-5, null, 'before the first'],
      ] as const;
      for (const [min, kw, why] of expected) await trial.limit(seat, after(day, min), kw, why);
    },
  },
  {
    number: 69,
    title: 'Joins a running event at the right interval',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const start = after(trial.now(), -15);
      await trial.event({ ...period(start, 'PT10M'), intervals: [interval(0, 12), interval(1, 22), interval(2, 32)] });
      await trial.limit(seat, undefined, 22, 'the second of three intervals is under way');
      await trial.limit(seat, trial.inS(600), 32, 'then the third');
      await trial.held(seat, 22, 'the second of three intervals is under way');
    },
  },
  {
    number: 70,
    title: 'Loops and truncates by event.duration',
    versions: ONLY_310,
    async check(trial) {
      const seat = await trial.resident();
      const [loops, ends] = [trial.day(4), trial.day(5)];
      const intervals = [interval(0, 10), interval(1, 20)];
      await trial.event({ ...period(loops, 'PT1H'), duration: 'PT3H30M', intervals });
      await trial.event({ ...period(ends, 'PT1H'), duration: 'PT90M', intervals });
      const expected = [
        [loops, 90, 20, 'the second interval'],
        [loops, 150, 10, 'the first again, as the event lasts longer than its intervals'],
        [loops, 200, 20, 'the second again'],
        [loops, 215, null, 'event.duration is over'],
        [ends, 75, 20, 'the second interval'],
        [ends, 95, null, 'event.duration is over before the second interval is'],
      ] as const;
      for (const [day, min, kw, why] of expected) await trial.limit(seat, after(day, min), kw, why);
    },
  },
  {
    number: 71,
    title: 'Splits multi-value prices evenly',
    versions: ONLY_310,
    async check(trial) {
      const seat = await trial.resident();
      if ((await trial.plan(seat)).price === undefined)
        throw new NotCheckable('the VEN tells no prices (price of --plan-command)');
      const day = trial.day(6);
      const values = [0.11, 0.22, 0.33, 0.44];
      await trial.event({ ...period(day, 'PT1H'), intervals: [{ id: 0, payloads: [{ type: 'PRICE', values }] }] });
      for (const [n, value] of values.entries()) {
        const at = after(day, 15 * n + 7);
        await trial.planned(
          seat,
          at,
          ({ price }) => price === value,
          `a price of ${value}: quarter ${n + 1} of an hour with four`,
        );
      }
    },
  },
  {
    number: 72,
    title: 'Keeps one random offset per event within ±R',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(7);
      const window = { intervalPeriod: { start: formatDateTime(day), duration: 'PT4H', randomizeStart: 'PT1H' } };
      const event = await trial.event({ ...window, intervals: [interval(0, 13)] });
      await trial.limit(seat, after(day, 61), 13, 'R is an hour: the event has begun by then');
      await trial.limit(seat, after(day, -61), null, 'R is an hour: the event begins later');
      const begin = await beginning(trial, seat, day);
      const shift = `the offset, ${Math.round((begin - day) / 1000)} s, is one for the event`;
      await trial.limit(seat, instant(begin + hours(4) - 2 * NEAR), 13, `${shift}: it ends so much later`);
      await trial.limit(seat, instant(begin + hours(4) + 2 * NEAR), null, `${shift}: it ends so much later`);
      await trial.change(event, { eventName: 'changed' });
      // Whoever shows it has read the changed one, too.
      await trial.event(cap(14, trial.day(8), 'PT1H'));
      await trial.limit(seat, trial.day(8), 14, 'another event');
      await trial.limit(seat, instant(begin + 2 * NEAR), 13, `${shift}, and stays when the event is changed`);
      await trial.limit(seat, instant(begin - 2 * NEAR), null, `${shift}, and stays when the event is changed`);
    },
  },
];

/** When a limit begins that begins within an hour before or after `day`, to `NEAR`. */
async function beginning(trial: Trial, seat: Seat, day: Instant): Promise<Instant> {
  let [free, limited] = [after(day, -61), after(day, 61)];
  while (limited - free > NEAR) {
    const middle = instant(free + (limited - free) / 2);
    const { limitKw } = await trial.plan(seat, middle);
    if (limitKw === null) free = middle;
    else limited = middle;
  }
  if (Math.abs(limited - day) <= hours(1) + NEAR) return limited;
  throw new Nonconformity({ expected: 'a beginning within an hour of the start', seen: formatDateTime(limited) });
}
