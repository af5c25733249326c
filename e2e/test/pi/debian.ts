import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { type Outcome, run } from '../support/programs.js';

const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'venfleet/package-pi');
/** A minimal Debian with systemd. It is made once, where it can be. */
const ARCHIVE = join(CACHE, 'debian-12.tar');

/** Why there can be no Debian machine here; undefined where there can. */
export async function whyNoDebian(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'it needs root';
  const folders = (process.env.PATH ?? '').split(':');
  const missing = ['mmdebstrap', 'systemd-nspawn', 'nsenter'].filter(
    (name) => !folders.some((folder) => existsSync(join(folder, name))),
  );
  if (missing.length > 0) return `it needs ${missing.join(', ')}`;
  if (existsSync(ARCHIVE)) return undefined;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = `${ARCHIVE}.${process.pid}.tar`;
  const made = await run('mmdebstrap', ['--quiet', '--variant=minbase', '--include=systemd-sysv', 'bookworm', unfinished]);
  if (made.status === 0) renameSync(unfinished, ARCHIVE);
  else rmSync(unfinished, { force: true });
  return made.status === 0 ? undefined : `Debian's packages cannot be had: ${made.stderr.trim().split('\n').at(-1)}`;
}

/** Runs a command, which must succeed. */
export async function succeed(command: string, args: readonly string[]): Promise<string> {
  const outcome = await run(command, args);
  if (outcome.status === 0) return outcome.stdout;
  throw new Error(`${command} ${args.join(' ')}: status ${outcome.status}\n${outcome.stdout}\n${outcome.stderr}`);
}

/** A Debian machine of its own, but for the network, which is this machine's: a container that systemd boots. */
export class DebianMachine {
  readonly root: string;
  #nspawn: ChildProcess | undefined;
  #console = '';
  #init: string | undefined;

  constructor(root: string) {
    this.root = root;
  }

  async install(): Promise<void> {
    mkdirSync(this.root);
    await succeed('tar', ['-C', this.root, '-xf', ARCHIVE]);
    // A machine that has just been set up: it gets an id of its own at its first boot.
    rmSync(join(this.root, 'etc/machine-id'), { force: true });
    // Debian's own upkeep would lock the package database at a time of its choice.
    await succeed('systemctl', [`--root=${this.root}`, '--quiet', 'mask', 'apt-daily.timer', 'apt-daily-upgrade.timer']);
  }

  /** Switches it on. Resolves when systemd has started everything. */
  async boot(): Promise<void> {
    this.#nspawn = spawn(
      'systemd-nspawn',
      [
        '--quiet',
        '--register=no',
        '--keep-unit',
        '--link-journal=no',
        '--resolv-conf=off',
        '--timezone=off',
        `--directory=${this.root}`,
        '--boot',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.#nspawn.stdout, this.#nspawn.stderr]) stream?.on('data', (text) => (this.#console += text));
    const { pid } = this.#nspawn;
    while (this.#init === undefined) {
      if (this.#nspawn.exitCode !== null) throw new Error(`the container does not boot:\n${this.#console}`);
      await pause();
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
      // The container's first process is the one that calls itself 1.
      this.#init = children.find((child) => /^NSpid:\s+\d+\s+1$/m.test(statusOf(child)));
    }
    // `running`, or `degraded` where some unit of Debian's own does not fit into a container.
    while (!/running|degraded/.test((await this.try('systemctl', 'is-system-running')).stdout)) await pause();
  }

  /** Switches it off as its own `poweroff` does. */
  async powerOff(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === undefined || nspawn.exitCode !== null) return;
    const ended = new Promise((resolve) => nspawn.once('exit', resolve));
    await this.try('systemctl', 'poweroff');
    await ended;
    this.#nspawn = undefined;
    this.#init = undefined;
  }

  /** Ends it, whatever state it is in. */
  async destroy(): Promise<void> {
    const nspawn = this.#nspawn;
    if (nspawn === undefined || nspawn.exitCode !== null || nspawn.signalCode !== null) return;
    const ended = new Promise((resolve) => nspawn.once('exit', resolve));
    // Its processes have their own name for process 1, and end with it.
    nspawn.kill('SIGKILL');
    await ended;
    await succeed('rm', ['-f', join(dirname(this.root), `.#${basename(this.root)}.lck`)]);
  }

  /** Runs a command in the booted machine. */
  try(command: string, ...args: string[]): Promise<Outcome> {
    if (this.#init === undefined) throw new Error('the machine is off');
    const environment = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive'];
    return run('nsenter', [
      '--target',
      this.#init,
      '--mount',
      '--uts',
      '--ipc',
      '--pid',
      '--cgroup',
      '--root',
      '--wd',
      'env',
      '-i',
      ...environment,
      command,
      ...args,
    ]);
  }

  /** Runs one that must succeed. @returns what it printed */
  async do(command: string, ...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.try(command, ...args);
    if (status === 0) return stdout;
    throw new Error(`${command} ${args.join(' ')}: status ${status}\n${stdout}\n${stderr}`);
  }

  /** Puts a file into root's home. @returns its path there */
  bring(file: string): string {
    const path = `/root/${basename(file)}`;
    copyFileSync(file, join(this.root, path));
    return path;
  }

  sh(script: string): Promise<string> {
    return this.do('sh', '-c', script);
  }
}

function statusOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

export const pause = () => new Promise((resolve) => setTimeout(resolve, 100));
