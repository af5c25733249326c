import { describe, expect, test } from '@jest/globals';
import { type Duration, seconds } from '@venfleet/core';
import { FakeClock, MemoryLogger } from '@venfleet/core/testing';
import { stayWatched } from '../../src/run/watched.js';

/** A service manager that keeps what it is told, and an agent whose state the test sets. */
function watched(watchdog: Duration | undefined) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const told: Record<string, string>[] = [];
  const agent = { stuck: [] as string[] };
  const abort = new AbortController();
  const manager = {
    watchdog,
    notify: async (state: Readonly<Record<string, string>>) => {
      told.push(state);
    },
  };
  const parts = { stuck: () => agent.stuck, statusLine: () => '2 of 2 meters answer' };
  const done = stayWatched(manager, parts, { clock, logger, signal: abort.signal });
  return { clock, logger, told, agent, abort, done };
}

describe('a watched agent', () => {
  test('says three times within the watchdog’s time that it works, and how it does', async () => {
    const { clock, told, abort, done } = watched(seconds(60));
    await clock.advance(seconds(59));
    expect(told).toEqual(Array(3).fill({ WATCHDOG: '1', STATUS: '2 of 2 meters answer' }));
    abort.abort();
    await done;
  });

  test('that is stuck does not say that it works, but why it does not; so it is restarted', async () => {
    const { clock, logger, told, agent, abort, done } = watched(seconds(60));
    agent.stuck = ['no read ends'];
    await clock.advance(seconds(60));
    expect(told.slice(1)).toEqual(Array(3).fill({ STATUS: 'stuck: no read ends' }));
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    agent.stuck = [];
    await clock.advance(seconds(20));
    expect(told.at(-1)).toMatchObject({ WATCHDOG: '1' });
    abort.abort();
    await done;
  });

  test('without a watchdog only tells how it does, each minute', async () => {
    const { clock, told, abort, done } = watched(undefined);
    await clock.advance(seconds(61));
    expect(told).toEqual(Array(2).fill({ STATUS: '2 of 2 meters answer' }));
    abort.abort();
    await done;
  });
});
