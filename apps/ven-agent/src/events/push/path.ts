import type { Clock, Logger, Random } from '@venfleet/core';
import type { VenClient } from '../../vtn.js';
import type { EventFeed } from '../feed.js';

/** A VEN that is to be told of changes, and by what. */
export interface PushedVen {
  readonly name: string;
  /** The VTN's id of it. */
  readonly id: string;
  readonly access: VenClient;
  readonly feed: EventFeed;
}

export interface PushPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * A way in which a VTN tells of changes. It tells the feed from when on it is in order, and ends with an error when it is
 * no longer, or with the signal's reason.
 */
export type PushPath = (ven: PushedVen, signal: AbortSignal) => Promise<never>;

/**
 * Notices a path that is in order and tells of nothing: a change that polling finds twice in a row without a single
 * notification was not told of.
 */
export class Silence {
  #missed = 0;

  /** @returns whether the path is to be given up */
  missed(): boolean {
    return ++this.#missed >= 2;
  }

  heard(): void {
    this.#missed = 0;
  }
}
