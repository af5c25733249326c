import { type ChildProcess, spawn } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { VenfleetError } from '@venfleet/core';

/** The folder of the whole repository. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** So much of what a program said last is told when it fails. */
const LAST_WORDS = 500;

export interface ChildOptions {
  /** Beside the environment of this process, of which settings of venfleet are left out. */
  readonly env?: NodeJS.ProcessEnv;
  /** The repository unless given. */
  readonly cwd?: string;
}

/** A program that goes on running. */
export interface Child {
  readonly exited: Promise<number>;
  /** The end of what it has said, for messages. */
  lastWords(): string;
  /** Each line on its standard output from now on. */
  onLine(listener: (line: string) => void): void;
  /** Asks it to end (SIGTERM, or what it takes for that) and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** The programs that one run starts; none of them outlives it. */
export class Processes {
  readonly #signal: AbortSignal;
  readonly #children = new Set<ChildProcess>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    // One listener for each child.
    setMaxListeners(0, signal);
    process.once('exit', () => {
      for (const child of this.#children) child.kill('SIGKILL');
    });
  }

  /**
   * Runs a program to its end.
   * @returns what it printed
   * @throws VenfleetError INTEROP_CHILD with what it said; the signal's reason when aborted
   */
  async run(command: string, args: readonly string[], options: ChildOptions = {}): Promise<string> {
    const { child, exited, lastWords } = this.#spawn(command, args, options);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const status = await exited;
    if (status === 0) return output;
    throw childFailed(command, args, `status ${status}: ${(lastWords() || output).trim().slice(-LAST_WORDS)}`);
  }

  /** Starts a program; whoever started it finds out when it is ready. */
  start(command: string, args: readonly string[], options: ChildOptions = {}): Child {
    const { child, exited, lastWords } = this.#spawn(command, args, options);
    const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
    return {
      exited,
      lastWords,
      onLine: (listener) => void lines.on('line', listener),
      async stop(signal = 'SIGTERM') {
        child.kill(signal);
        await exited.catch(() => {});
      },
    };
  }

  /** One of venfleet's own programs, run as a user runs it. */
  async venfleet(program: Program, args: readonly string[], options: ChildOptions = {}): Promise<string> {
    return this.run(process.execPath, [mainOf(program), ...args], options);
  }

  /**
   * Starts one of venfleet's own programs that says on its first line where it is.
   * @throws VenfleetError INTEROP_CHILD when it ends before
   */
  async startVenfleet<Facts>(
    program: Program,
    args: readonly string[],
    options: ChildOptions = {},
  ): Promise<{ child: Child; facts: Facts }> {
    const child = this.start(process.execPath, [mainOf(program), ...args], options);
    const firstLine = new Promise<string>((found) => child.onLine((line) => line.startsWith('{') && found(line)));
    const first = await Promise.race([firstLine, child.exited]);
    if (typeof first === 'number') throw childFailed(program, args, `ended before it was ready: ${child.lastWords()}`);
    return { child, facts: JSON.parse(first) as Facts };
  }

  /** Ends what still runs, the latest first. */
  async stop(): Promise<void> {
    for (const child of [...this.#children].reverse()) {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
    }
  }

  #spawn(command: string, args: readonly string[], { env, cwd = ROOT }: ChildOptions) {
    this.#signal.throwIfAborted();
    const child = spawn(command, args, { cwd, env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#children.add(child);
    const kill = () => child.kill('SIGKILL');
    this.#signal.addEventListener('abort', kill, { once: true });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LAST_WORDS);
    });
    const exited = new Promise<number>((done, fail) => {
      child.once('error', (cause) => fail(childFailed(command, args, `cannot be started: ${cause.message}`, cause)));
      child.once('close', (status) => {
        this.#children.delete(child);
        this.#signal.removeEventListener('abort', kill);
        if (this.#signal.aborted) fail(this.#signal.reason);
        else done(status ?? 1);
      });
    });
    // Whoever stopped it need not hear of its end.
    exited.catch(() => {});
    return { child, exited, lastWords: () => said.trim() };
  }
}

/** The environment without what would steer venfleet's programs. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VENFLEET_')));
}

export type Program = 'resource-db' | 'ven-agent' | 'device-sim' | 'vtn-mock';

/** Where a built program of venfleet is. */
export function mainOf(program: Program): string {
  return join(ROOT, program === 'resource-db' ? 'libs' : 'apps', program, 'dist/main.js');
}

function childFailed(command: string, args: readonly string[], what: string, cause?: unknown): VenfleetError {
  return new VenfleetError('INTEROP_CHILD', `${[command, ...args].join(' ').slice(0, 120)}… ${what}`, { cause });
}
