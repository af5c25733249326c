import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type HasMonotonic, VenfleetError } from '@venfleet/core';

/** The folder of the whole repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A program that a row started and that goes on running. */
export interface Child {
  /** What it printed first, which says that it is ready. */
  readonly firstLine: string;
  /** Ends it at once: its data is thrown away anyway. */
  stop(): Promise<void>;
}

export interface WorkplaceOptions {
  /** Only prove that the benchmark works: small inputs, short rounds. */
  readonly smoke: boolean;
  readonly clock: HasMonotonic;
  readonly signal: AbortSignal;
}

/** Where one row works: a temporary folder and child processes, all gone when it is closed. */
export class Workplace {
  readonly smoke: boolean;
  readonly signal: AbortSignal;
  readonly #clock: HasMonotonic;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  readonly #killAll = () => {
    for (const child of this.#children) child.kill('SIGKILL');
  };
  readonly #endings: (() => unknown)[] = [];
  #paths = 0;

  private constructor(folder: string, { smoke, clock, signal }: WorkplaceOptions) {
    this.#folder = folder;
    this.smoke = smoke;
    this.signal = signal;
    this.#clock = clock;
  }

  /** Makes the folder; {@link close} removes it. */
  static open(options: WorkplaceOptions): Workplace {
    const place = new Workplace(mkdtempSync(join(tmpdir(), 'venfleet-bench-')), options);
    // A second Ctrl-C ends this process without unwinding it.
    process.once('exit', place.#killAll);
    return place;
  }

  /** A path in the temporary folder that nothing has used before. */
  path(name: string): string {
    return join(this.#folder, `${++this.#paths}-${name}`);
  }

  /** How long `work` takes, in ms. */
  async time(work: () => unknown): Promise<number> {
    const start = this.#clock.monotonic();
    await work();
    return this.#clock.monotonic() - start;
  }

  /**
   * Runs a program to its end.
   * @returns what it printed
   * @throws VenfleetError BENCH_CHILD_FAILED with what it said; the signal's reason when aborted
   */
  async run(command: string, args: readonly string[]): Promise<string> {
    const { child, complaint, ended } = this.#spawn(command, args);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const status = await ended;
    if (status !== 0) throw childFailed(command, args, `status ${status}: ${complaint() || output}`);
    return output;
  }

  /**
   * Starts a program and waits until it has printed its first line.
   * @throws VenfleetError BENCH_CHILD_FAILED when it ends before
   */
  async start(command: string, args: readonly string[]): Promise<Child> {
    const { child, complaint, ended } = this.#spawn(command, args);
    const firstLine = new Promise<string>((done) => createInterface({ input: child.stdout }).once('line', done));
    const first = await Promise.race([firstLine, ended]);
    if (typeof first !== 'string') throw childFailed(command, args, `ended before it was ready: ${complaint()}`);
    const stop = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    return { firstLine: first, stop };
  }

  /** Remembers how to end what a row has opened in this process; the latest is ended first. */
  atEnd(end: () => unknown): void {
    this.#endings.push(end);
  }

  /** Ends what was opened, kills what still runs and removes the folder. */
  async close(): Promise<void> {
    process.off('exit', this.#killAll);
    for (const end of this.#endings.splice(0).reverse()) await end();
    const gone = [...this.#children].map((child) => new Promise((done) => child.once('close', done)));
    this.#killAll();
    await Promise.all(gone);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #spawn(command: string, args: readonly string[]) {
    this.signal.throwIfAborted();
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    const kill = () => child.kill('SIGKILL');
    this.signal.addEventListener('abort', kill, { once: true });
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-2000);
    });
    const ended = new Promise<number>((done, fail) => {
      child.once('error', (cause) => {
        this.#children.delete(child);
        fail(childFailed(command, args, `cannot be started: ${cause.message}`, cause));
      });
      child.once('close', (status) => {
        this.#children.delete(child);
        this.signal.removeEventListener('abort', kill);
        if (this.signal.aborted) fail(this.signal.reason);
        else done(status ?? 1);
      });
    });
    // Whoever stopped the child, or closed the workplace, need not hear of it.
    ended.catch(() => {});
    return { child, ended, complaint: () => complaint.trim() };
  }
}

function childFailed(command: string, args: readonly string[], what: string, cause?: unknown): VenfleetError {
  return new VenfleetError('BENCH_CHILD_FAILED', `${[command, ...args].join(' ').slice(0, 200)} ${what}`, { cause });
}
