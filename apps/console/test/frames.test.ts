import { describe, expect, test } from '@jest/globals';
import { Frames } from '../src/fleet/frames.js';

function frames() {
  const requested: (() => void)[] = [];
  const done: (readonly number[])[] = [];
  const queue = new Frames<number>(
    (callback) => requested.push(callback),
    (items) => done.push(items),
  );
  return { requested, done, queue };
}

describe('work that waits for a frame', () => {
  test('is done all at once, in order, and asks for one frame', () => {
    const { requested, done, queue } = frames();
    for (const n of [1, 2, 3]) queue.push(n);
    expect([requested.length, done]).toEqual([1, []]);
    requested[0]?.();
    expect(done).toEqual([[1, 2, 3]]);
  });

  test('asks for the next frame when the last one is over', () => {
    const { requested, done, queue } = frames();
    queue.push(1);
    requested[0]?.();
    queue.push(2);
    expect(requested).toHaveLength(2);
    requested[1]?.();
    expect(done).toEqual([[1], [2]]);
  });

  test('does not pile up on a page that gets no frames', () => {
    const { requested, done, queue } = frames();
    for (let n = 0; n < 200; n++) queue.push(n);
    expect(requested).toHaveLength(1);
    expect(done.flat()).toHaveLength(180);
    requested[0]?.();
    expect(done.flat()).toEqual(Array.from({ length: 200 }, (_, n) => n));
  });
});
