import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { VenfleetError } from '@venfleet/core';

/** A program that goes on running. */
export interface Child {
  /** What it printed first, which says that it is ready. */
  readonly firstLine: string;
  /** Each later line. */
  onLine(listener: (line: string) => void): void;
  /** Settles when it has ended, however that came. */
  readonly exited: Promise<number>;
  /** Asks it to end (SIGTERM) and waits until it has. */
  stop(): Promise<void>;
}

/** Runs a Node program to its end with the terminal as its own. @returns its exit status; 130 when interrupted */
export async function run(main: string, args: readonly string[], signal: AbortSignal): Promise<number> {
  return ended(spawnNode(main, args, 'inherit', signal), signal);
}

/**
 * Runs a Node program to its end.
 * @returns what it printed
 * @throws VenfleetError START_FAILED when it fails; its own words are on standard error
 */
export async function output(main: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  const child = spawnNode(main, args, 'pipe', signal);
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  const status = await ended(child, signal);
  if (status === 0) return text;
  throw new VenfleetError('START_FAILED', `${args[0]} failed (status ${status}); its own words are above`);
}

/**
 * Starts a Node program and waits until it has printed its first line.
 * @throws VenfleetError START_FAILED when it ends before
 */
export async function start(main: string, args: readonly string[], signal: AbortSignal): Promise<Child> {
  signal.throwIfAborted();
  // In this process's group, so that Ctrl-C and a closed terminal end it too.
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? 1)));
  const lines = createInterface({ input: child.stdout });
  const firstLine = new Promise<string>((resolve) => lines.once('line', resolve));
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  const aborted = new Promise<undefined>((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
  const first = await Promise.race([firstLine, exited, aborted]);
  if (typeof first === 'string') return { firstLine: first, onLine: (listener) => void lines.on('line', listener), exited, stop };
  await stop();
  signal.throwIfAborted();
  throw new VenfleetError('START_FAILED', `${args[0]} ended before it was ready; its own words are above`);
}

function spawnNode(main: string, args: readonly string[], stdout: 'inherit' | 'pipe', signal: AbortSignal): ChildProcess {
  signal.throwIfAborted();
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', stdout, 'inherit'] });
}

function ended(child: ChildProcess, signal: AbortSignal): Promise<number> {
  // Ctrl-C reaches the child by itself, a SIGTERM to this process alone does not.
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) reject(signal.reason);
      else resolve(code ?? 1);
    });
  });
}
