import { existsSync } from 'node:fs';
import { type Instant, type Logger, VenfleetError } from '@venfleet/core';
import { readTextFile, writeFileAtomically } from '@venfleet/core/node';
import { z } from 'zod';
import type { AlertMessage, ToldRecord } from './messages.js';
import type { FiringRecord } from './tracker.js';

/** What the next life of the agent has to know, so that nothing is told twice and no end of an alert is forgotten. */
export interface AlertsState {
  readonly firing: readonly FiringRecord[];
  readonly told: readonly ToldRecord[];
  /** Messages that the webhook's receiver does not have yet. */
  readonly queue: readonly AlertMessage[];
}

const NOTHING: AlertsState = { firing: [], told: [], queue: [] };

const labels = z.record(z.string(), z.string());
const time = z.number().transform((at) => at as Instant);
const stateSchema = z.object({
  version: z.literal(1),
  firing: z.array(z.object({ alert: z.string(), labels, firedAt: time })),
  told: z.array(z.object({ alert: z.string(), at: time, firing: z.array(z.object({ labels, since: time })) })),
  // Made by this program, and sent on as it is.
  queue: z.array(z.custom<AlertMessage>((message) => typeof message === 'object' && message !== null)),
});

/** Keeps it in a file of JSON, which is written when something has changed, and as a whole. */
export class StateFile {
  readonly #path: string;
  readonly #logger: Logger;
  #written = '';
  #isUnwritable = false;

  constructor(path: string, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
  }

  /** What the last life left; nothing where there was none, or where its file is damaged: alerts are then told anew. */
  read(): AlertsState {
    if (!existsSync(this.#path)) return NOTHING;
    try {
      const text = readTextFile(this.#path, 'the state of the alerts');
      const { firing, told, queue } = stateSchema.parse(JSON.parse(text));
      this.#written = text;
      return { firing, told, queue };
    } catch (error) {
      this.#logger.warn({ file: this.#path, err: error }, 'what alerts were told is not known any more; they are told anew');
      return NOTHING;
    }
  }

  /** A disk that is full or read-only is itself among the alerts, and keeps none from being told. */
  write(state: AlertsState): void {
    const text = `${JSON.stringify({ version: 1, ...state })}\n`;
    if (text === this.#written) return;
    try {
      writeFileAtomically(this.#path, text);
      this.#written = text;
      this.#isUnwritable = false;
    } catch (error) {
      if (!(error instanceof VenfleetError)) throw error;
      if (!this.#isUnwritable) this.#logger.warn({ err: error }, 'what alerts were told cannot be kept');
      this.#isUnwritable = true;
    }
  }
}
