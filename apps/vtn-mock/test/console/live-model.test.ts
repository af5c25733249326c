import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { minutes, seconds, silentLogger } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { LiveModel } from '../../src/console/live-model.js';
import { Changes } from '../../src/notify/changes.js';
import { openTables, type Tables } from '../../src/objects/tables.js';
import type { ReportContent } from '../../src/store/reports.js';
import { openStore, type Store } from '../../src/store/store.js';

const NONE = { attributes: null, targets: null, targets301: null };

let clock: FakeClock;
let store: Store;
let tables: Tables;
let model: LiveModel;

beforeEach(() => {
  clock = new FakeClock();
  store = openStore(':memory:', clock);
  const changes = new Changes();
  tables = openTables(store.db, changes);
  model = new LiveModel({ ...tables, store, changes, clock, logger: silentLogger });
});

afterEach(() => {
  model.close();
  store.close();
});

/** A VEN with one resource, and an event that asks for its load. */
async function made() {
  return await store.write(() => {
    const ven = tables.vens.insert({ ...NONE, name: 'A', clientId: 'a' }, store.newStamp());
    tables.resources.insert(ven, { ...NONE, name: 'r' }, store.newStamp());
    const program = tables.programs.insert({ ...NONE, name: 'p', content: '{}' }, store.newStamp());
    const content = '{"intervalPeriod":{"start":"2026-01-01T00:00:00Z","duration":"PT1M"},"intervals":[{"id":0,"payloads":[]}]}';
    const event = { rank: 1, ends: null, content, content301: content, duration: null, targets: null, targets301: null };
    return { ven, event: tables.events.insert(program, event, store.newStamp()) };
  });
}

/** A report of the mean power over the last minute. */
function loadOf(kw: number): ReportContent {
  const start = new Date(clock.now() - minutes(1)).toISOString();
  const interval = { id: 0, intervalPeriod: { start, duration: 'PT1M' }, payloads: [{ type: 'DEMAND', values: [kw] }] };
  const payloadDescriptors = [{ payloadType: 'DEMAND', readingType: 'MEAN', units: 'KW' }];
  const content = JSON.stringify({
    resources: [{ resourceName: 'AGGREGATED_REPORT', intervals: [interval] }],
    payloadDescriptors,
  });
  return { clientName: 'A', content, needsStart: 0 };
}

describe('following the store', () => {
  it('costs the writers nothing while nobody looks: no change is described, and nothing waits', async () => {
    await made();
    expect(model.wants()).toBe(false);
    expect(model.isOpen).toBe(false);
    expect(clock.sleeping).toBe(0);
  });

  it('begins with the first look, and ends five minutes after the last', async () => {
    await made();
    await model.look();
    await clock.advance(seconds(1));
    expect(model.wants()).toBe(true);
    await clock.advance(minutes(4));
    model.peek();
    await clock.advance(minutes(5));
    expect(model.isOpen).toBe(true);
    await clock.advance(seconds(2));
    expect(model.isOpen).toBe(false);
    expect(clock.sleeping).toBe(0);
  });

  it('begins anew after it has ended', async () => {
    const { ven } = await made();
    await model.look();
    model.close();
    expect(model.wants()).toBe(false);
    expect((await model.look()).vens.byId(ven.id)?.resources).toHaveLength(1);
  });

  it('two who look first at the same time share one look', async () => {
    await made();
    const [one, other] = await Promise.all([model.look(), model.look()]);
    expect(one).toBe(other);
  });

  it('a report counts once, whether it came before the first look, during it or after', async () => {
    const { event } = await made();
    await store.write(() => tables.reports.insert(event, 'a', loadOf(1), store.newStamp()));
    const looking = model.look();
    await store.write(() => tables.reports.insert(event, 'a', loadOf(2), store.newStamp()));
    const known = await looking;
    await clock.advance(seconds(1));
    await store.write(() => tables.reports.insert(event, 'a', loadOf(3), store.newStamp()));
    await clock.advance(seconds(2));
    expect(known.reports).toBe(3);
  });

  it('a report that its VEN corrects is read again', async () => {
    const { ven, event } = await made();
    const row = await store.write(() => tables.reports.insert(event, 'a', loadOf(5), store.newStamp()));
    const known = await model.look();
    expect(known.loads.get(ven.id)?.loadAt(clock.now())?.power).toBe(5000);
    await store.write(() => tables.reports.update(row, event, loadOf(8), store.modifiedAfter(row.modified)));
    await clock.advance(seconds(2));
    expect(known.loads.get(ven.id)?.loadAt(clock.now())?.power).toBe(8000);
  });

  it('a report of somebody whom nobody knows is left out', async () => {
    const { event } = await made();
    await store.write(() => tables.reports.insert(event, 'x', { ...loadOf(5), clientName: 'X' }, store.newStamp()));
    const known = await model.look();
    expect([known.reports, known.loads.size]).toEqual([1, 0]);
  });

  it('of tens of thousands of reports the newest are known at once, and no more than three hours are gone through', async () => {
    const { ven, event } = await made();
    await store.write(() => {
      for (let i = 0; i < 1500; i++) tables.reports.insert(event, 'a', loadOf(1), store.newStamp());
    });
    await clock.advance(minutes(200));
    await store.write(() => {
      for (let i = 0; i < 1500; i++) tables.reports.insert(event, 'a', loadOf(2), store.newStamp());
    });
    const known = await model.look();
    expect(known.loads.get(ven.id)?.loadAt(clock.now())?.power).toBe(2000);
    for (let i = 0; i < 100 && known.reports < 1500; i++) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(seconds(5));
    expect(known.reports).toBe(1500);
  });

  it.each<[string, object, object?]>([
    ['lasts for a thousand years', { intervalPeriod: { start: '2026-01-01T00:00:00Z', duration: 'P1000Y' } }],
    ['is about the far future', { intervalPeriod: { start: '2526-01-01T00:00:00Z', duration: 'PT1M' } }],
    ['is about the far past', { intervalPeriod: { start: '1926-01-01T00:00:00Z', duration: 'PT1M' } }],
    ['is no power that there is', {}, { type: 'DEMAND', values: [1e308] }],
    ['has no value', {}, { type: 'DEMAND', values: [] }],
  ])('a report that %s does no harm', async (_what, interval, payload = { type: 'DEMAND', values: [5] }) => {
    const { ven, event } = await made();
    const known = await model.look();
    const good = loadOf(3);
    const parsed = JSON.parse(good.content);
    Object.assign(parsed.resources[0].intervals[0], interval, { payloads: [payload] });
    await store.write(() => tables.reports.insert(event, 'a', { ...good, content: JSON.stringify(parsed) }, store.newStamp()));
    await clock.advance(seconds(2));
    await store.write(() => tables.reports.insert(event, 'a', loadOf(3), store.newStamp()));
    await clock.advance(seconds(2));
    const load = known.loads.get(ven.id);
    expect(known.reports).toBe(2);
    expect(load?.loadAt(clock.now())?.power).toBe(3000);
    expect(load?.ring.series().loadW.at(-1)).toBe(3000);
  });

  it('a change that is undone leaves all as it was', async () => {
    const { ven } = await made();
    await model.look();
    const undone = store.write(() => {
      tables.vens.update(ven, { ...NONE, name: 'B', clientId: 'a' }, store.modifiedAfter(ven.modified));
      throw new Error('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect((await model.look()).vens.byId(ven.id)?.name).toBe('A');
  });
});
