import { statfs } from 'node:fs/promises';
import { type Clock, type Duration, type Instant, isAbort, type Logger, milliseconds, seconds } from '@venfleet/core';
import { fileUntil, servedUntil } from './certificate.js';

/** The file system that a folder is on. */
export interface DiskSpace {
  readonly folder: string;
  /** For this process: what is kept for root is not counted. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** A certificate that must not run out. */
export interface WatchedCertificate {
  /** `vtn`: what the VTN shows. `webhook`: what this agent shows to those who call back. */
  readonly certificate: 'vtn' | 'webhook';
  readonly validUntil: Instant;
}

export interface SurroundingsOptions {
  /** Where the agent's databases are. */
  readonly folders: readonly string[];
  /** Where the VTN is, whose certificate is looked at; anything but https has none. */
  readonly vtnUrl: () => string | undefined;
  /** Path of the certificate that this agent serves with, if it does. */
  readonly webhookCertificate: string | undefined;
  readonly certificatesEvery: Duration;
  readonly clock: Clock;
  readonly logger: Logger;
}

const DISKS_EVERY = seconds(10);
/** A VTN that showed none is asked again so soon. */
const MISSING_EVERY = seconds(60);

/** What the agent depends on and does not make itself: room on its disks, certificates. Looked at now and then. */
export class Surroundings {
  readonly #options: SurroundingsOptions;
  readonly #stopping = new AbortController();
  #running: Promise<unknown> | undefined;
  #disks: readonly DiskSpace[] = [];
  #vtn: Instant | undefined;
  #webhook: Instant | undefined;

  constructor(options: SurroundingsOptions) {
    this.#options = options;
  }

  start(): void {
    const { signal } = this.#stopping;
    this.#running = Promise.all([
      this.#repeat(signal, async () => {
        await this.#lookAtDisks();
        return DISKS_EVERY;
      }),
      this.#repeat(signal, () => this.#lookAtCertificates(signal)),
    ]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the agent stops', 'AbortError'));
    await this.#running;
  }

  /** Those that could be looked at. */
  get disks(): readonly DiskSpace[] {
    return this.#disks;
  }

  /** Those that are there. */
  get certificates(): readonly WatchedCertificate[] {
    const all = [
      { certificate: 'vtn', validUntil: this.#vtn },
      { certificate: 'webhook', validUntil: this.#webhook },
    ] as const;
    return all.flatMap(({ certificate, validUntil }) => (validUntil === undefined ? [] : [{ certificate, validUntil }]));
  }

  async #repeat(signal: AbortSignal, look: () => Promise<Duration>): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      try {
        await clock.sleep(await look(), signal);
      } catch (error) {
        if (isAbort(error)) return;
        logger.error({ err: error }, 'what the agent depends on cannot be looked at');
        await clock.sleep(MISSING_EVERY, signal).catch(() => undefined);
      }
    }
  }

  async #lookAtDisks(): Promise<void> {
    this.#disks = (await Promise.all(this.#options.folders.map(spaceOf))).filter((disk) => disk !== undefined);
  }

  /** @returns how long to wait before the next look */
  async #lookAtCertificates(signal: AbortSignal): Promise<Duration> {
    const { webhookCertificate, certificatesEvery, clock } = this.#options;
    this.#webhook = webhookCertificate === undefined ? undefined : fileUntil(webhookCertificate);
    const vtnUrl = this.#options.vtnUrl();
    if (vtnUrl === undefined || !vtnUrl.startsWith('https:')) return certificatesEvery;
    const shown = await servedUntil(vtnUrl, clock, signal);
    // While the VTN is away, what it showed last goes on to be true.
    this.#vtn = shown ?? this.#vtn;
    return shown === undefined ? milliseconds(Math.min(MISSING_EVERY, certificatesEvery)) : certificatesEvery;
  }
}

async function spaceOf(folder: string): Promise<DiskSpace | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    // Some file systems, such as those in /proc, have no blocks at all.
    return blocks === 0 ? undefined : { folder, freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    // That a database's folder is not there, its database tells.
    return undefined;
  }
}
