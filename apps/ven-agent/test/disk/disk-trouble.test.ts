import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hours, instant, minutes, seconds, watts } from '@venfleet/core';
import { FakeClock, MemoryLogger, type SmallDisk, smallDisk } from '@venfleet/core/testing';
import type { Decision } from '../../src/dispatch/decision.js';
import { DecisionLog } from '../../src/dispatch/decision-log.js';
import { EventStore } from '../../src/events/store.js';
import { AlarmBoard } from '../../src/readings/alarms.js';
import { Registry } from '../../src/registration/registry.js';
import { Outbox } from '../../src/reporting/outbox.js';
import { gridEvent, MemoryEvents, pass, START, scene, VTN } from '../events/support.js';
import { engineOf, hourlyEvent, MemoryVtn, MIDNIGHT, request } from '../support/reporting.js';

let disk: SmallDisk;
let alarms: AlarmBoard;
const probe = smallDisk();
probe.remove();
const canMount = probe.reason === undefined;
const onDisk = (what: string, work: () => Promise<void>) =>
  (canMount ? test : test.skip)(canMount ? what : `${what} (skipped: ${probe.reason})`, work);

beforeEach(() => {
  disk = smallDisk();
  alarms = new AlarmBoard(new MemoryLogger());
});
afterEach(() => disk.remove());

const path = (name: string) => join(disk.path, name);
const raised = () => [...alarms.raised.keys()];

describe('on a full disk', () => {
  onDisk('reports wait, with an alarm; when there is room each is sent, once', async () => {
    const clock = new FakeClock(instant(MIDNIGHT - hours(1)));
    const outbox = Outbox.open(path('outbox.db'), clock, alarms);
    const vtn = new MemoryVtn();
    const { engine } = engineOf(outbox.forVen('http://vtn.example', 'Aalborg'), clock, vtn);
    const until = async (end: number) => {
      for (; clock.now() < end; await setImmediate()) await clock.advance(minutes(1));
    };
    engine.start();
    engine.update([hourlyEvent('e1', 6, [request('USAGE', { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1 })])]);
    await until(MIDNIGHT + hours(1.5));
    expect([vtn.covered, raised()]).toEqual([['0-0'], []]);
    disk.fill();
    await until(MIDNIGHT + hours(4.5));
    expect(raised()).toEqual(['OUTBOX_UNWRITABLE']);
    disk.makeRoom();
    await until(MIDNIGHT + hours(7));
    expect(raised()).toEqual([]);
    expect(vtn.covered).toEqual(['0-0', '1-1', '2-2', '3-3', '4-4', '5-5']);
    expect(outbox.list({ state: 'acknowledged' })).toHaveLength(6);
    await engine.stop();
    outbox.close();
  });

  onDisk('an event is carried out all the same, with an alarm; when there is room it is kept', async () => {
    const clock = new FakeClock(instant(START - minutes(30)));
    const store = EventStore.open(path('events.db'), clock, alarms);
    const { feed, ids } = scene({ clock, store: store.forVen(VTN, 'Aalborg') });
    const vtn = new MemoryEvents().put(gridEvent('before'));
    feed.start(vtn);
    await pass(clock, seconds(40));
    disk.fill();
    vtn.put(gridEvent('emergency')).all.delete('before');
    await pass(clock, minutes(2));
    expect([ids(), raised()]).toEqual([['emergency'], ['EVENTS_UNWRITABLE']]);
    const stored = () =>
      store
        .list()
        .filter(({ goneAt }) => goneAt === undefined)
        .map(({ event }) => event.id);
    expect(stored()).toEqual(['before']);
    disk.makeRoom();
    await pass(clock, minutes(1));
    expect([stored(), raised()]).toEqual([['emergency'], []]);
    await feed.stop();
    store.close();
  });

  onDisk('decisions are known, with an alarm; when there is room they are written', async () => {
    const clock = new FakeClock(START);
    const logger = new MemoryLogger();
    const log = new DecisionLog(path('decisions.db'), { clock, logger, alarms });
    const decide = (limit: number): Decision => {
      const at = clock.now();
      return { at, limit: watts(limit), event: 'e1', mode: 'curtailed', status: 'holding', held: watts(limit), problem: null };
    };
    log.start();
    await clock.advance(seconds(2));
    disk.fill();
    for (let i = 1; i <= 2000; i++) log.note(i, decide(i));
    await clock.advance(seconds(30));
    expect(raised()).toEqual(['DECISIONS_UNWRITABLE']);
    expect(log.at(7, clock.now())?.limit).toBe(7);
    expect(logger.lines).toEqual([]);
    disk.makeRoom();
    await clock.advance(seconds(2));
    expect(raised()).toEqual([]);
    await log.stop();
    const again = new DecisionLog(path('decisions.db'), { clock, logger });
    expect(again.at(2000, clock.now())?.limit).toBe(2000);
    await again.stop();
  });

  onDisk('a registration is refused as a whole, and what is known stays', async () => {
    const registry = Registry.open(path('ven-agent.db'), new FakeClock(START));
    const vtn = registry.vtn(VTN, '3.1.0');
    const ven = (count: number) => ({
      name: 'Aalborg',
      venId: `id-${count}`,
      resources: new Map(Array.from({ length: count }, (_, i) => [`resource-${i}`, `id-${i}`])),
    });
    registry.rememberVen(vtn, ven(10), []);
    disk.fill();
    expect(() => registry.rememberVen(vtn, ven(5000), [])).toThrow(expect.objectContaining({ code: 'DB_FULL' }));
    expect(registry.vens(vtn)).toMatchObject([{ venId: 'id-10', resources: 10 }]);
    disk.makeRoom();
    registry.rememberVen(vtn, ven(5000), []);
    expect(registry.vens(vtn)).toMatchObject([{ venId: 'id-5000', resources: 5000 }]);
    registry.close();
  });
});

describe('on a disk that is read-only', () => {
  onDisk('each database says so at the start', async () => {
    const clock = new FakeClock(START);
    Outbox.open(path('outbox.db'), clock).close();
    EventStore.open(path('events.db'), clock).close();
    await new DecisionLog(path('decisions.db'), { clock, logger: new MemoryLogger() }).stop();
    Registry.open(path('ven-agent.db'), clock).close();
    disk.makeReadOnly();
    const opens = [
      () => Outbox.open(path('outbox.db'), clock),
      () => EventStore.open(path('events.db'), clock),
      () => new DecisionLog(path('decisions.db'), { clock, logger: new MemoryLogger() }),
      () => Registry.open(path('ven-agent.db'), clock),
    ];
    for (const open of opens) {
      expect(open).toThrow(expect.objectContaining({ code: expect.stringMatching(/DB_READONLY|DB_UNOPENABLE/) }));
    }
  });
});
