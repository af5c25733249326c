import { describe, expect, it } from '@jest/globals';
import { milliseconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import fc from 'fast-check';
import { Changes } from '../../src/notify/changes.js';
import { openTables } from '../../src/objects/tables.js';
import { openStore } from '../../src/store/store.js';

const NONE = { attributes: null, targets: null, targets301: null };

describe('the first report since a time', () => {
  it('is found whatever gaps deletions have left', async () => {
    const moves = fc.array(fc.record({ passes: fc.integer({ min: 0, max: 50 }), isDeleted: fc.boolean() }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(moves, fc.integer({ min: -10, max: 1000 }), async (all, since) => {
        const clock = new FakeClock();
        const start = clock.now();
        const store = openStore(':memory:', clock);
        const { programs, events, reports } = openTables(store.db, new Changes());
        const kept: { seq: number; created: number }[] = [];
        const event = await store.write(() => {
          const program = programs.insert({ ...NONE, name: 'p', content: '{}' }, store.newStamp());
          const content = {
            rank: 1,
            ends: null,
            content: '{}',
            content301: '{}',
            duration: null,
            targets: null,
            targets301: null,
          };
          return events.insert(program, content, store.newStamp());
        });
        for (const { passes, isDeleted } of all) {
          await clock.advance(milliseconds(passes));
          await store.write(() => {
            const row = reports.insert(event, 'c', { clientName: 'c', content: '{}', needsStart: 0 }, store.newStamp());
            if (isDeleted) reports.delete(row);
            else kept.push(row);
          });
        }
        const first = store.read(() => reports.firstSince(start + since));
        const expected = kept.filter(({ created }) => created >= start + since).map(({ seq }) => seq);
        const found = kept.filter(({ seq }) => seq >= first).map(({ seq }) => seq);
        store.close();
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });
});
