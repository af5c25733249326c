import { describe, expect, test } from '@jest/globals';
import { type Duration, instant, minutes, seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import type { Alert } from '../../src/alerts/model.js';
import { AlertTracker } from '../../src/alerts/tracker.js';

const alert: Alert = {
  name: 'Hot',
  severity: 'warning',
  metric: 'temperature',
  when: { above: 30 },
  for: minutes(5),
  keep: minutes(2),
  summary: 'It is hot',
  detail: '{room}: {value}',
  unit: 'count',
  action: 'Open a window.',
};

class Rooms {
  readonly clock = new FakeClock('2026-01-01T00:00:00Z');
  readonly tracker = new AlertTracker([alert], this.clock);
  temperatures: Record<string, number> = {};

  look(): string {
    const samples = Object.entries(this.temperatures).map(([room, value]) => ({ labels: { room }, value }));
    this.tracker.update(() => samples);
    return this.tracker
      .instances()
      .map(({ labels, state }) => `${labels.room} ${state}`)
      .join(', ');
  }

  async after(duration: Duration, temperatures = this.temperatures): Promise<string> {
    await this.clock.advance(duration);
    this.temperatures = temperatures;
    return this.look();
  }
}

describe('an alert', () => {
  test('fires only when it was so for long enough without a break', async () => {
    const rooms = new Rooms();
    expect(await rooms.after(seconds(0), { attic: 31, cellar: 30 })).toBe('attic pending');
    expect(await rooms.after(minutes(4))).toBe('attic pending');
    expect(await rooms.after(seconds(15), { attic: 30 })).toBe('');
    expect(await rooms.after(seconds(15), { attic: 31 })).toBe('attic pending');
    expect(await rooms.after(minutes(4))).toBe('attic pending');
    expect(await rooms.after(minutes(1))).toBe('attic firing');
  });

  test('is over only when it was not so for long enough', async () => {
    const rooms = new Rooms();
    rooms.temperatures = { attic: 40 };
    rooms.look();
    expect(await rooms.after(minutes(5))).toBe('attic firing');
    expect(await rooms.after(minutes(1), { attic: 20 })).toBe('attic firing');
    expect(await rooms.after(seconds(30), { attic: 35 })).toBe('attic firing');
    expect(await rooms.after(minutes(1), { attic: 20 })).toBe('attic firing');
    expect(await rooms.after(minutes(1), { attic: 20 })).toBe('');
  });

  test('is over, too, where what it is about is gone', async () => {
    const rooms = new Rooms();
    rooms.temperatures = { attic: 40 };
    rooms.look();
    await rooms.after(minutes(5));
    expect(await rooms.after(minutes(2), {})).toBe('');
  });

  test('neither begins nor ends by a step of the clock', async () => {
    const rooms = new Rooms();
    rooms.temperatures = { attic: 40 };
    rooms.look();
    rooms.clock.step(minutes(60));
    expect(await rooms.after(minutes(1))).toBe('attic pending');
    rooms.clock.step(-minutes(120));
    expect(await rooms.after(minutes(4))).toBe('attic firing');
    rooms.clock.step(minutes(60));
    expect(await rooms.after(minutes(1), {})).toBe('attic firing');
  });

  test('that fired in the last life goes on from there, or is found to be over', async () => {
    const clock = new FakeClock();
    const firedAt = instant(clock.now() - minutes(90));
    const firing = ['attic', 'cellar'].map((room) => ({ alert: 'Hot', labels: { room }, firedAt }));
    const tracker = new AlertTracker([alert], clock, [...firing, { alert: 'Gone', labels: {}, firedAt }]);
    await clock.advance(minutes(2));
    tracker.update(() => [{ labels: { room: 'attic' }, value: 50 }]);
    expect(tracker.instances()).toEqual([{ alert, labels: { room: 'attic' }, state: 'firing', since: firedAt, value: 50 }]);
  });

  test('fires exactly while it was out of bounds for that long, whatever comes', async () => {
    const minute = fc.record({ hot: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(minute, { maxLength: 60 }), async (course) => {
        const rooms = new Rooms();
        let [outFor, inFor, fires] = [-1, 99, false];
        for (const { hot } of course) {
          outFor = hot ? outFor + 1 : -1;
          inFor = hot ? 0 : inFor + 1;
          if (outFor >= 5) fires = true;
          if (inFor >= 2) fires = false;
          const shown = await rooms.after(minutes(1), { attic: hot ? 31 : 0 });
          expect(shown).toBe(fires ? 'attic firing' : hot ? 'attic pending' : '');
        }
      }),
      { numRuns: 50 },
    );
  });
});
