import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from '@jest/globals';

/** Starts the fixture, sends it one signal after each line that it prints, and gives its lines and its end. */
async function run(signals: NodeJS.Signals[], ...args: string[]) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/wait-for-signal.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const signal = signals[lines.length - 1];
    if (signal !== undefined) child.kill(signal);
  }
  const [exitCode] = await ended;
  return { lines, exitCode };
}

describe('shutdownSignal', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('the first %s aborts, so that the program can end in order', async (signal) => {
    expect(await run([signal])).toEqual({ lines: ['ready', `stopped by ${signal}`], exitCode: 130 });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a second signal, %s, ends a program that does not stop, with exit code %i', async (signal, exitCode) => {
    expect(await run(['SIGTERM', signal], 'stubborn')).toEqual({ lines: ['ready', 'stopped by SIGTERM'], exitCode });
  });

  test('the same Ctrl-C, passed on by a parent, is no second one', async () => {
    const { exitCode, lines } = await run(['SIGINT', 'SIGTERM', 'SIGKILL'], 'at once');
    expect([lines, exitCode]).toEqual([['ready', 'stopped by SIGINT', 'went on'], null]);
  });
});
