import { seconds, systemClock, VenfleetError } from '@venfleet/core';
import type { Child } from './processes.js';

/** What the agent tells of itself each second, as far as it is of use here. */
export interface Figures {
  readonly meters: number;
  readonly answering: number;
  readonly readingsPerS: number;
  readonly onTime?: number;
  readonly reports?: { readonly acknowledged: number; readonly waiting: number };
  /** Sites that hold a limit. */
  readonly limited?: number;
}

interface Wait {
  readonly longestS: number;
  /** `that …`, for the message. */
  readonly what: string;
  readonly failure: 'START_FAILED' | 'DEMONSTRATION_FAILED';
  readonly signal: AbortSignal;
}

/** Follows a running agent's figures, and shows them as one line. */
export class AgentFigures {
  readonly #isLive = process.stdout.isTTY;
  #latest: Figures | undefined;
  #seen = 0;

  constructor(agent: Child) {
    agent.onLine((line) => {
      this.#latest = JSON.parse(line) as Figures;
      this.#seen++;
      if (this.#isLive) process.stdout.write(`\r${figuresText(this.#latest)}\u001b[K`);
      else if (this.#seen % LINES_APART === 1) process.stdout.write(`${figuresText(this.#latest)}\n`);
    });
  }

  get latest(): Figures | undefined {
    return this.#latest;
  }

  /** Says something beside the line that renews itself. */
  say(text: string): void {
    process.stdout.write(this.#isLive ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  /** @throws VenfleetError of the code `failure` when it has not come to be so after `longestS` seconds */
  async until(isSo: (figures: Figures) => boolean, { longestS, what, failure, signal }: Wait): Promise<Figures> {
    const end = systemClock.monotonic() + longestS * 1000;
    for (;;) {
      if (this.#latest !== undefined && isSo(this.#latest)) return this.#latest;
      if (systemClock.monotonic() > end) {
        const last = this.#latest === undefined ? 'it has said nothing' : figuresText(this.#latest);
        throw new VenfleetError(failure, `${what} did not come about within ${longestS} s: ${last}`);
      }
      await systemClock.sleep(seconds(1), signal);
    }
  }
}

/** In a pipe a line each ten seconds will do. */
const LINES_APART = 10;

const number = (value: number): string => value.toLocaleString('en');

export function figuresText({ meters, answering, readingsPerS, onTime, reports, limited }: Figures): string {
  return [
    `${number(answering)} of ${number(meters)} meters answer`,
    `${number(Math.round(readingsPerS))} readings/s`,
    `${onTime === undefined ? '–' : (onTime * 100).toFixed(1)} % on time`,
    `${number(reports?.acknowledged ?? 0)} reports acknowledged, ${number(reports?.waiting ?? 0)} waiting`,
    `${number(limited ?? 0)} sites limited`,
  ].join(' · ');
}
