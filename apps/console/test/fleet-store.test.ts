import { describe, expect, test } from '@jest/globals';
import { effect } from '@preact/signals';
import type { Delta, StreamEvent } from '@venfleet/console-api';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { FleetStore } from '../src/fleet/fleet-store.js';
import { event, overview, totals, ven } from './support.js';

function store() {
  const clock = new FakeClock();
  const fleet = new FleetStore(clock);
  return { clock, fleet };
}

const snapshot = (part: Parameters<typeof overview>[0]): StreamEvent => ({ event: 'snapshot', data: overview(part) });
const delta = (part: Partial<Delta>): StreamEvent => ({
  event: 'delta',
  data: { serverAt: 0, totals: totals(), vens: [], goneVens: [], events: [], goneEvents: [], points: [], ...part },
});

describe('what the page knows of the fleet', () => {
  test('is what the snapshot says, sorted by name as Danes do', () => {
    const { fleet } = store();
    fleet.apply([snapshot({ vens: [ven('Ørsted'), ven('Aarhus'), ven('Billund')], totals: totals({ vens: 3 }) })]);
    expect(fleet.vens.value.map(({ name }) => name)).toEqual(['Billund', 'Ørsted', 'Aarhus']);
    expect(fleet.totals.value?.vens).toBe(3);
    expect(fleet.connection.value).toEqual({ state: 'live' });
  });

  test('changes by deltas: whole objects in the place of those with the same id', () => {
    const { fleet } = store();
    fleet.apply([snapshot({ vens: [ven('Aalborg', { loadW: 1 }), ven('Vejle')], events: [event('e1'), event('e2')] })]);
    fleet.apply([
      delta({ vens: [ven('Aalborg', { loadW: 2 }), ven('Odense')], goneVens: ['id-Vejle'] }),
      delta({ events: [event('e1', { label: 'shed 30 %' })], goneEvents: ['e2'] }),
    ]);
    expect(fleet.vens.value.map(({ name, loadW }) => [name, loadW])).toEqual([
      ['Odense', null],
      ['Aalborg', 2],
    ]);
    expect(fleet.events.value.map(({ id, label }) => [id, label])).toEqual([['e1', 'shed 30 %']]);
  });

  test('loses with a new snapshot what is not in it', () => {
    const { fleet } = store();
    fleet.apply([snapshot({ vens: [ven('Vejle')], events: [event('e1')] })]);
    fleet.apply([snapshot({ vens: [ven('Odense')] })]);
    expect(fleet.vens.value.map(({ name }) => name)).toEqual(['Odense']);
    expect(fleet.ven('id-Vejle')).toBeUndefined();
    expect(fleet.events.value).toEqual([]);
  });

  test('is drawn once for all that came, and only where something changed', () => {
    const { fleet } = store();
    fleet.apply([snapshot({ vens: [ven('Aalborg'), ven('Vejle')] })]);
    const drawn: string[] = [];
    for (const name of ['Aalborg', 'Vejle']) effect(() => void drawn.push(`${name} ${fleet.ven(`id-${name}`)?.value.loadW}`));
    effect(() => void drawn.push(`list of ${fleet.venIds.value.length}`));
    drawn.length = 0;
    fleet.apply([1, 2, 3].map((loadW) => delta({ vens: [ven('Vejle', { loadW })] })));
    expect(drawn).toEqual(['Vejle 3']);
  });

  test('continues the curve of the load', () => {
    const { fleet } = store();
    fleet.series.value = { startAt: 0, stepMs: 60_000, loadW: [1], baselineW: [null] };
    fleet.apply([delta({ points: [{ startAt: 60_000, loadW: 2, baselineW: 3 }] })]);
    expect(fleet.series.value).toEqual({ startAt: 0, stepMs: 60_000, loadW: [1, 2], baselineW: [null, 3] });
  });

  test("counts time from the server's clock, whatever the browser's says", async () => {
    const { clock, fleet } = store();
    expect(fleet.now()).toBeUndefined();
    fleet.apply([{ event: 'heartbeat', data: { serverAt: 5_000_000 } }]);
    await clock.advance(seconds(3));
    clock.step(-86_400_000);
    expect(fleet.now()).toBe(5_003_000);
    expect(fleet.heardAt).toBe(5_000_000);
  });
});
