import { type Instant, instant, minutes } from '@venfleet/core';
import { Nonconformity } from '@venfleet/openadr/conform';
import { BOTH, type Line, ONLY_301 } from '../line.js';
import type { Seat } from '../seats.js';
import { cap, period, type Trial } from '../trial.js';

const after = (at: Instant, min: number): Instant => instant(at + minutes(min));

/** Two changes that differ by so much, in kW. */
const [LESS, MUCH_LESS] = [4, 9];

export const EFFECTS: readonly Line[] = [
  {
    number: 73,
    title: 'Lower priority number wins; null loses; the longer event resumes',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(9);
      // The tightest is not the one that wins.
      await trial.event(cap(10, day, 'PT3H'));
      await trial.event(cap(30, day, 'PT3H', { priority: 5 }));
      await trial.event(cap(40, after(day, 60), 'PT1H', { priority: 1 }));
      await trial.limit(seat, after(day, 30), 30, 'priority 5 goes before none');
      await trial.limit(seat, after(day, 90), 40, 'priority 1 goes before 5');
      await trial.limit(seat, after(day, 150), 30, 'the longer event resumes');
    },
  },
  {
    number: 74,
    title: 'Ignores 3.0.1 events targeted elsewhere',
    versions: ONLY_301,
    async check(trial) {
      const seat = await trial.resident();
      const day = trial.day(10);
      const aimed = (type: string, value: string, more: object = {}) => ({ targets: [{ type, values: [value] }], ...more });
      await trial.event(cap(5, day, 'PT1H', aimed('VEN_NAME', 'somebody else', { priority: 0 })));
      await trial.event(cap(6, day, 'PT1H', aimed('RESOURCE_NAME', 'somebody else’s', { priority: 1 })));
      await trial.event(cap(7, day, 'PT1H', aimed('GROUP', 'of somebody else', { priority: 2 })));
      await trial.event(cap(25, day, 'PT1H', aimed('VEN_NAME', seat.client.venName ?? '', { priority: 9 })));
      await trial.limit(seat, day, 25, 'the one event that is for it');
    },
  },
  {
    number: 75,
    title: 'Caps stay caps; setpoints are absolute; deltas relative',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const [roomy, absolute, less, muchLess] = [11, 12, 13, 14].map((n) => trial.day(n)) as [Instant, Instant, Instant, Instant];
      const dispatch = (type: string, value: number, at: Instant) => ({
        intervals: [{ id: 0, ...period(at, 'PT1H'), payloads: [{ type, values: [value] }] }],
      });
      await trial.event(cap(1e6, roomy, 'PT1H'));
      await trial.event(dispatch('DISPATCH_SETPOINT_RELATIVE', -LESS, less));
      await trial.event(dispatch('DISPATCH_SETPOINT_RELATIVE', -MUCH_LESS, muchLess));
      await trial.event(dispatch('DISPATCH_SETPOINT', LESS, absolute));
      await trial.limit(seat, absolute, LESS, 'a setpoint is what is to be drawn');
      const isRoomy = ({ limitKw }: { limitKw: number | null }) => limitKw === null || limitKw > 100;
      await trial.planned(seat, roomy, isRoomy, 'hardly a limit: a cap far above all load takes nothing away');
      await relative(trial, seat, less, muchLess);
    },
  },
  {
    number: 76,
    title: 'Stops acting when an event is deleted or cancelled',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const now = () => trial.inS(-1);
      const deleted = await trial.event(cap(24, now(), 'PT1H'));
      await trial.limit(seat, undefined, 24, 'an event is under way');
      await trial.held(seat, 24, 'an event is under way');
      await trial.remove(deleted);
      await trial.limit(seat, undefined, null, 'the event was deleted');
      await trial.held(seat, null, 'the event was deleted');
      const cancelled = await trial.event(cap(26, now(), 'PT1H'));
      await trial.limit(seat, undefined, 26, 'another event is under way');
      await trial.change(cancelled, cap(26, '0001-01-01T00:00:00Z', 'PT0S'));
      await trial.limit(seat, undefined, null, 'the event was cancelled: it begins now and lasts PT0S');
    },
  },
  {
    number: 77,
    title: 'Keeps executing through VTN outages; falls back to subscribed capacity',
    versions: BOTH,
    async check(trial) {
      const seat = await trial.resident();
      const subscribed = { type: 'IMPORT_CAPACITY_SUBSCRIPTION', values: [35] };
      await trial.event({ intervals: [{ id: 0, ...period(trial.inS(-60), 'P1D'), payloads: [subscribed] }] });
      await trial.event(cap(23, trial.inS(-60), 'PT11M'));
      await trial.limit(seat, undefined, 23, 'a limit, tighter than the subscribed capacity');
      seat.gateway.isDown = true;
      try {
        const cut = seat.gateway.connections;
        await trial.pause(3);
        if (seat.gateway.connections === cut) trial.notes.push('it did not try to reach the VTN meanwhile');
        await trial.limit(seat, undefined, 23, 'the VTN is away, which takes nothing back');
        await trial.held(seat, 23, 'the VTN is away, which takes nothing back');
        await trial.limit(seat, trial.inS(700), 35, 'the limit has run out, the VTN is away: the subscribed capacity holds');
      } finally {
        seat.gateway.isDown = false;
      }
      await trial.readAgain(seat);
    },
  },
];

/** Two deltas differ by what they differ by, and neither is taken for a setpoint. */
async function relative(trial: Trial, seat: Seat, less: Instant, muchLess: Instant): Promise<void> {
  const expected = `limits ${MUCH_LESS - LESS} kW apart for −${LESS} and −${MUCH_LESS} kW`;
  const other = async () => (await trial.plan(seat, less)).limitKw;
  let seen = '';
  // The load that they are relative to changes with each reading of the meters.
  for (let tries = 0; tries < 8; tries++) {
    const [first, second, again] = [await other(), (await trial.plan(seat, muchLess)).limitKw, await other()];
    seen = `${first} and ${second} kW`;
    const difference = (first ?? Number.NaN) - (second ?? Number.NaN);
    const isSteady = first === again;
    if (Math.abs(difference - (MUCH_LESS - LESS)) <= (isSteady ? 0.1 : 2) && first !== LESS) return;
  }
  throw new Nonconformity({ expected, seen });
}
