import { afterEach, describe, expect, test } from '@jest/globals';
import { hours, instant, milliseconds, minutes, seconds } from '@venfleet/core';
import { sequenceRandom } from '@venfleet/core/testing';
import { VtnError } from '@venfleet/openadr';
import { gridEvent, scene as makeScene, pass, program, type Scene, START, unreachable } from './support.js';

let current: Scene | undefined;
function scene(...options: Parameters<typeof makeScene>): Scene {
  current = makeScene(...options);
  return current;
}
afterEach(async () => {
  await current?.feed.stop();
  current?.store.close();
  current = undefined;
});

describe('polling', () => {
  test('twice a minute, each pause drawn within a fifth', async () => {
    const { clock, vtn, feed } = scene({ random: sequenceRandom(0, 0.999) });
    feed.start(vtn);
    await pass(clock, seconds(23));
    expect(vtn.count('list')).toBe(1);
    await pass(clock, seconds(2));
    expect(vtn.count('list')).toBe(2);
    await pass(clock, seconds(35));
    expect(vtn.count('list')).toBe(2);
    await pass(clock, seconds(2));
    expect(vtn.count('list')).toBe(3);
  });

  test('line 76: new, modified and deleted events are told; what did not change is not', async () => {
    const { clock, vtn, feed, updates, ids } = scene();
    vtn.put(gridEvent('e1'), gridEvent('e2'));
    feed.start(vtn);
    await pass(clock, seconds(1));
    expect(updates.at(-1)?.events ?? updates[0]?.events).toBeDefined();
    expect(ids()).toEqual(['e1', 'e2']);
    updates.length = 0;
    await pass(clock, seconds(31));
    expect(updates.flatMap(({ events }) => events)).toEqual([]);
    vtn.put(gridEvent('e1', { priority: 1 }));
    vtn.all.delete('e2');
    await pass(clock, seconds(31));
    expect(updates.flatMap(({ events }) => events)).toEqual(['e1', 'e2']);
    expect(feed.held().map(({ event }) => [event.id, event.priority])).toEqual([['e1', 1]]);
  });

  test('a modification is found by its time or by its content', async () => {
    const { clock, vtn, feed, updates } = scene();
    vtn.put(gridEvent('e1'), gridEvent('e2'));
    feed.start(vtn);
    await pass(clock, seconds(1));
    updates.length = 0;
    vtn.put(gridEvent('e1', { modifiedAt: instant(START + 1) }));
    vtn.put(gridEvent('e2', { targets: ['north'] }));
    await pass(clock, seconds(31));
    expect(updates.flatMap(({ events }) => events)).toEqual(['e1', 'e2']);
  });

  test('pauses grow with failures, up to two minutes, and a wish of the VTN is kept', async () => {
    const { clock, vtn, feed, logger } = scene();
    vtn.fault = unreachable;
    feed.start(vtn);
    await pass(clock, minutes(10));
    const pauses = logger.lines.map(({ fields }) => fields.pauseMs).filter((ms) => ms !== undefined);
    expect(pauses.slice(0, 6)).toEqual([2500, 5000, 10_000, 20_000, 40_000, 60_000]);
    expect(pauses.slice(6).every((ms) => ms === 60_000)).toBe(true);
    vtn.fault = new VtnError('VTN_PROBLEM', 'busy', { status: 429, retryAfter: minutes(3) });
    await pass(clock, minutes(2));
    expect(logger.lines.at(-1)?.fields.pauseMs).toBe(minutes(3) + 2500);
  });

  test('after an outage it goes on as before', async () => {
    const { clock, vtn, feed, ids } = scene();
    vtn.fault = unreachable;
    feed.start(vtn);
    await pass(clock, minutes(10));
    vtn.fault = undefined;
    vtn.put(gridEvent('e1'));
    await pass(clock, seconds(125));
    expect(ids()).toEqual(['e1']);
    const before = vtn.count('list');
    await pass(clock, minutes(1));
    expect(vtn.count('list')).toBe(before + 2);
  });
});

describe('line 77: what is held stays through an outage', () => {
  test('a failed listing changes nothing, and says since when the VTN is lost', async () => {
    const { clock, vtn, feed, ids } = scene();
    vtn.put(gridEvent('e1'));
    feed.start(vtn);
    await pass(clock, seconds(20));
    expect(feed.lostSince).toBeUndefined();
    vtn.fault = unreachable;
    vtn.all.clear();
    await pass(clock, seconds(20));
    const lostAt = START - minutes(30) + seconds(30);
    expect(Math.abs((feed.lostSince ?? 0) - lostAt)).toBeLessThan(seconds(2));
    await pass(clock, hours(1));
    expect(ids()).toEqual(['e1']);
    expect(Math.abs((feed.lostSince ?? 0) - lostAt)).toBeLessThan(seconds(2));
    vtn.fault = undefined;
    await pass(clock, minutes(3));
    expect([feed.lostSince, ids()]).toEqual([undefined, []]);
  });

  test('a step of the clock does not move the loss', async () => {
    const { clock, vtn, feed } = scene();
    vtn.fault = unreachable;
    feed.start(vtn);
    await pass(clock, minutes(5));
    clock.step(hours(1));
    expect(clock.now() - (feed.lostSince ?? 0)).toBeLessThanOrEqual(minutes(5));
    clock.step(-hours(2));
    expect(clock.now() - (feed.lostSince ?? 0)).toBeGreaterThan(minutes(4));
  });
});

describe('line 65: no event is dropped because of how a list was read', () => {
  const many = () => Array.from({ length: 60 }, (_, i) => gridEvent(`e${i}`));

  test('one that is missing from a list of several pages is asked for before it counts as deleted', async () => {
    const { clock, vtn, feed, ids } = scene();
    vtn.put(...many());
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.overlooked.add('e49').add('e50');
    vtn.all.delete('e49');
    await pass(clock, seconds(31));
    expect(vtn.calls.filter((call) => call.startsWith('get'))).toEqual(['get e49', 'get e50']);
    expect(ids()).toHaveLength(59);
    expect(ids()).toContain('e50');
  });

  test('where that cannot be found out, nothing changes', async () => {
    const { clock, vtn, feed, ids } = scene();
    vtn.put(...many());
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.overlooked.add('e50');
    vtn.before = async () => {
      if (vtn.calls.at(-1) === 'get e50') throw unreachable;
    };
    vtn.put(gridEvent('new'));
    await pass(clock, seconds(31));
    expect(ids()).toHaveLength(60);
    expect(ids()).not.toContain('new');
  });
});

describe('an event that cannot be understood', () => {
  test('is there, so what was known of it stays in force; it is told once', async () => {
    const { clock, vtn, feed, ids, logger } = scene();
    vtn.put(gridEvent('e1'));
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.all.clear();
    vtn.problems = [{ id: 'e1', mistakes: ['intervals: must be array'] }];
    await pass(clock, minutes(3));
    expect(ids()).toEqual(['e1']);
    expect(feed.unreadable()).toEqual(['e1']);
    expect(logger.lines.filter(({ message }) => message === 'an event cannot be understood')).toHaveLength(1);
    vtn.problems = [];
    await pass(clock, minutes(1));
    expect(ids()).toEqual([]);
  });
});

describe('programs', () => {
  const descriptor = { payloadType: 'DISPATCH_SETPOINT', units: 'KW', objectType: 'EVENT_PAYLOAD_DESCRIPTOR' } as const;

  test('describe the payloads that their events do not describe themselves', async () => {
    const { clock, vtn, feed } = scene();
    const own = { ...descriptor, payloadType: 'PRICE', units: 'KWH' } as const;
    vtn.knownPrograms = [program('program-1', { payloadDescriptors: [descriptor, { ...own, units: 'MWH' } as never] })];
    vtn.put(gridEvent('e1', { payloadDescriptors: [own] }));
    feed.start(vtn);
    await pass(clock, seconds(1));
    expect(feed.held()[0]?.event.payloadDescriptors).toEqual([own, descriptor]);
    expect(feed.known()[0]?.event.payloadDescriptors).toEqual([own]);
  });

  test('a new one is met before its events are acted on', async () => {
    const { clock, vtn, feed } = scene();
    const seen: unknown[] = [];
    feed.subscribe(() => seen.push(feed.held()[0]?.event.payloadDescriptors.length));
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.knownPrograms.push(program('program-2', { payloadDescriptors: [descriptor] }));
    vtn.put(gridEvent('e1', { programId: 'program-2' }));
    feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    expect(seen.filter((length) => length !== undefined)).toEqual([1]);
  });

  test('one that changes its descriptors changes its events', async () => {
    const { clock, vtn, feed, updates } = scene();
    vtn.put(gridEvent('e1'));
    feed.start(vtn);
    await pass(clock, seconds(1));
    updates.length = 0;
    vtn.knownPrograms = [program('program-1', { payloadDescriptors: [descriptor] })];
    await pass(clock, seconds(31));
    expect(updates.find(({ programs }) => programs)?.events).toEqual(['e1']);
    expect(feed.held()[0]?.event.payloadDescriptors).toEqual([descriptor]);
  });

  test('that the VTN hides are asked for no more often than others, and do not hold up their events', async () => {
    const { clock, vtn, feed, ids, logger } = scene();
    vtn.knownPrograms = [];
    vtn.put(gridEvent('e1'));
    feed.start(vtn);
    await pass(clock, seconds(61));
    expect(ids()).toEqual(['e1']);
    expect(vtn.count('programs')).toBe(vtn.count('list'));
    vtn.programs = async () => {
      throw new VtnError('VTN_FORBIDDEN', 'not allowed', { status: 403 });
    };
    vtn.put(gridEvent('e2', { programId: 'program-9' }));
    await pass(clock, minutes(3));
    expect(ids()).toEqual(['e1', 'e2']);
    expect(logger.lines.filter(({ fields }) => fields.what === 'programs')).toHaveLength(1);
  });
});

describe('hints', () => {
  test('of one event: it alone is asked for, at once', async () => {
    const { clock, vtn, feed, ids } = scene();
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.put(gridEvent('e1'));
    feed.hint({ kind: 'event', id: 'e1' });
    await clock.advance(milliseconds(0));
    expect(ids()).toEqual(['e1']);
    expect(vtn.count('list')).toBe(1);
    vtn.all.clear();
    feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    expect(ids()).toEqual([]);
    expect(vtn.count('list')).toBe(1);
  });

  test('of what the VTN does not confirm, nothing is taken', async () => {
    const { clock, vtn, feed, ids } = scene();
    vtn.put(gridEvent('e1'));
    feed.start(vtn);
    await pass(clock, seconds(1));
    feed.hint({ kind: 'event', id: 'forged' });
    await pass(clock, seconds(1));
    expect(ids()).toEqual(['e1']);
  });

  test('duplicate and reordered ones, and many at once, end in what the VTN has', async () => {
    const { clock, vtn, feed, ids, updates } = scene();
    feed.start(vtn);
    await pass(clock, seconds(1));
    updates.length = 0;
    vtn.put(gridEvent('e1', { priority: 2 }));
    for (let i = 0; i < 50; i++) feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    expect(vtn.count('get e1')).toBeLessThanOrEqual(2);
    expect(updates.flatMap(({ events }) => events)).toEqual(['e1']);
    // Deleted and told of so, and the creation is told of afterwards.
    vtn.all.clear();
    feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    expect(ids()).toEqual([]);
  });

  test('during a look are looked at afterwards: what the look saw may be older', async () => {
    const { clock, vtn, feed, ids } = scene();
    let release: () => void = () => undefined;
    feed.start(vtn);
    await pass(clock, seconds(29));
    vtn.after = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await pass(clock, seconds(2));
    vtn.put(gridEvent('e1'));
    feed.hint({ kind: 'event', id: 'e1' });
    vtn.after = async () => undefined;
    release();
    await pass(clock, seconds(1));
    expect(ids()).toEqual(['e1']);
  });

  test('a VTN that keeps on hinting is asked ten times a second at most', async () => {
    const { clock, vtn, feed } = scene();
    feed.start(vtn);
    await pass(clock, seconds(1));
    for (let ms = 0; ms < 2000; ms += 5) {
      feed.hint({ kind: 'event', id: 'e1' });
      await clock.advance(milliseconds(5));
    }
    expect(vtn.count('get e1')).toBeLessThanOrEqual(21);
  });

  test('of more events than ten at once: the whole list is read instead', async () => {
    const { clock, vtn, feed, ids } = scene();
    feed.start(vtn);
    await pass(clock, seconds(1));
    for (let i = 0; i < 11; i++) {
      vtn.put(gridEvent(`e${i}`));
      feed.hint({ kind: 'event', id: `e${i}` });
    }
    await pass(clock, seconds(1));
    expect(ids()).toHaveLength(11);
    expect(vtn.calls.filter((call) => call.startsWith('get'))).toEqual([]);
  });

  test('one that cannot be followed up leads to a full look', async () => {
    const { clock, vtn, feed, ids } = scene();
    feed.start(vtn);
    await pass(clock, seconds(1));
    vtn.put(gridEvent('e1'), gridEvent('e2'));
    vtn.fault = unreachable;
    feed.hint({ kind: 'event', id: 'e1' });
    await pass(clock, seconds(1));
    vtn.fault = undefined;
    await pass(clock, seconds(3));
    expect(ids()).toEqual(['e1', 'e2']);
  });

  test('of new grants: the targets are read again', async () => {
    const { clock, vtn, feed, updates } = scene();
    vtn.put(gridEvent('e1', { targets: ['north'] }));
    feed.start(vtn);
    await pass(clock, minutes(2));
    expect(vtn.count('targets')).toBe(1);
    vtn.venTargets = { ven: ['north'], resources: {} };
    feed.hint({ kind: 'targets' });
    await pass(clock, seconds(1));
    expect(feed.targets).toEqual({ ven: ['north'], resources: {} });
    expect(updates.some(({ targets }) => targets)).toBe(true);
  });
});

describe('while the VTN tells of changes', () => {
  test('polls are fewer, begin with a look, and a change that was not told of is noticed', async () => {
    const { clock, vtn, feed, ids } = scene();
    let missed = 0;
    feed.start(vtn);
    await pass(clock, seconds(1));
    feed.setPush(() => {
      missed++;
    });
    await pass(clock, minutes(4));
    expect(vtn.count('list')).toBe(2);
    vtn.put(gridEvent('told'));
    feed.hint({ kind: 'event', id: 'told' });
    await pass(clock, minutes(2));
    expect([vtn.count('list'), missed]).toEqual([3, 0]);
    vtn.put(gridEvent('untold'));
    await pass(clock, minutes(5));
    expect([missed, ids()]).toEqual([1, ['told', 'untold']]);
  });

  test('when it ends, all is read at once, and then as often as before', async () => {
    const { clock, vtn, feed, ids } = scene();
    feed.start(vtn);
    feed.setPush(() => undefined);
    await pass(clock, minutes(1));
    vtn.put(gridEvent('e1'));
    feed.setPush(undefined);
    await pass(clock, seconds(1));
    expect(ids()).toEqual(['e1']);
    const before = vtn.count('list');
    await pass(clock, minutes(1));
    expect(vtn.count('list')).toBe(before + 2);
  });
});

test('events that are over for two hours are not planned by, but still known', async () => {
  const { clock, vtn, feed, ids } = scene();
  vtn.put(gridEvent('e1'));
  feed.start(vtn);
  await pass(clock, hours(3));
  expect(ids()).toEqual(['e1']);
  await pass(clock, hours(1));
  expect(ids()).toEqual([]);
  expect(feed.known().map(({ event }) => event.id)).toEqual(['e1']);
});

test('a step of the clock disturbs neither polling nor, once it is mended, what is held', async () => {
  const { clock, vtn, feed, ids } = scene();
  vtn.put(gridEvent('e1'));
  feed.start(vtn);
  await pass(clock, minutes(1));
  const before = vtn.count('list');
  clock.step(hours(5));
  await pass(clock, minutes(1));
  clock.step(-hours(5));
  await pass(clock, minutes(1));
  expect(vtn.count('list')).toBe(before + 4);
  expect(ids()).toEqual(['e1']);
});

test('the list of events is the same object until something changes, and each event in it', async () => {
  const { clock, vtn, feed } = scene();
  vtn.put(gridEvent('e1'), gridEvent('e2'));
  feed.start(vtn);
  await pass(clock, seconds(1));
  const before = feed.held();
  await pass(clock, minutes(5));
  expect(feed.held()).toBe(before);
  vtn.put(gridEvent('e2', { priority: 1 }));
  await pass(clock, minutes(1));
  expect(feed.held()).not.toBe(before);
  expect(feed.held()[0]).toBe(before[0]);
});

test('an outage is told once, and its end', async () => {
  const { clock, vtn, feed, logger } = scene();
  vtn.fault = unreachable;
  feed.start(vtn);
  await pass(clock, minutes(10));
  vtn.fault = undefined;
  await pass(clock, minutes(3));
  const told = logger.lines.filter(({ level }) => level !== 'debug').map(({ level, message }) => [level, message]);
  expect(told).toEqual([
    ['warn', 'the VTN’s events cannot be read; what is known stays'],
    ['info', 'the VTN’s events are read again'],
  ]);
});

test('a listener that fails keeps nobody else from the news', async () => {
  const { clock, vtn, feed, updates, logger } = scene();
  const end = feed.subscribe(() => {
    throw new Error('bug');
  });
  const after: unknown[] = [];
  feed.subscribe((update) => after.push(update));
  feed.start(vtn);
  await pass(clock, seconds(1));
  expect(after).toEqual(updates);
  expect(logger.lines.some(({ level }) => level === 'error')).toBe(true);
  end();
});
