import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { createProgress } from '@venfleet/core/node';

function fakeStream(isTTY: boolean) {
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  const chunks: string[] = [];
  stream.on('data', (chunk) => chunks.push(String(chunk)));
  const terminal = { isTTY, columns: 200, cursorTo() {}, clearLine() {}, moveCursor() {} };
  Object.assign(stream, isTTY ? terminal : {});
  return { stream, text: () => chunks.join('') };
}

describe('createProgress', () => {
  test('in a pipe it is one plain line for each further tenth', () => {
    const { stream, text } = fakeStream(false);
    const progress = createProgress(50, 'registering', { stream });
    for (let done = 0; done <= 50; done++) progress.update(done, `ven ${done}`);
    progress.stop();
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('registering: 5/50 (10 %), ven 5');
    expect(lines[9]).toBe('registering: 50/50 (100 %), ven 50');
  });

  test('steps that skip tenths give one line each, and a step back none', () => {
    const { stream, text } = fakeStream(false);
    const progress = createProgress(10, 'w', { stream });
    for (const done of [4, 2, 9, 12, 15]) progress.update(done, '');
    expect(text()).toBe('w: 4/10 (40 %), \nw: 9/10 (90 %), \nw: 12/10 (100 %), \n');
  });

  test('on a terminal it is a bar with percentage, counts and label, which gives the cursor back', () => {
    const { stream, text } = fakeStream(true);
    const progress = createProgress(2, 'registering', { stream });
    progress.update(1, 'Aalborg');
    progress.stop();
    expect(text()).toContain('registering');
    expect(text()).toContain('50% | 1/2 | Aalborg');
    expect(text()).not.toContain('registering: ');
    expect(text().lastIndexOf('\x1b[?25h')).toBeGreaterThan(text().lastIndexOf('\x1b[?25l'));
  });

  test.each([true, false])('after stop an update is ignored (terminal: %p)', (isTTY) => {
    const { stream, text } = fakeStream(isTTY);
    const progress = createProgress(2, 'w', { stream });
    progress.stop();
    const before = text();
    progress.update(2, 'late');
    progress.stop();
    expect(text()).toBe(before);
  });

  test('it is silent when quiet and when there is nothing to do', () => {
    for (const [total, options] of [
      [5, { quiet: true }],
      [0, {}],
    ] as const) {
      const { stream, text } = fakeStream(true);
      const progress = createProgress(total, 'w', { ...options, stream });
      progress.update(total, '');
      progress.stop();
      expect(text()).toBe('');
    }
  });
});
