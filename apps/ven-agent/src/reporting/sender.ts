import {
  type Duration,
  describeError,
  type HasMonotonic,
  isAbort,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
} from '@venfleet/core';
import { isAmbiguous, isConflict, isNotFound, retryAfterOf, VtnError } from '@venfleet/openadr';
import type { OutboxReport, StoredContent, VenOutbox } from './ven-outbox.js';

/** A report as it goes to the VTN. */
export interface OutgoingReport {
  readonly eventId: string;
  /** Unique; by it a report is found again. */
  readonly name: string;
  readonly content: StoredContent;
}

/** What the sender needs of a VTN. */
export interface ReportPort {
  /** @returns the VTN's id of the report. @throws VtnError */
  create(report: OutgoingReport, signal: AbortSignal): Promise<string>;
  /** The id of this VEN's report of that name, if there is one. @throws VtnError */
  find(report: Pick<OutboxReport, 'event' | 'name' | 'dueAt'>, signal: AbortSignal): Promise<string | undefined>;
}

/** After the client's own repetitions have failed: pauses up to five minutes, or as long as the VTN asks. */
const PAUSES: RetryPolicy = {
  attempts: Number.POSITIVE_INFINITY,
  base: seconds(5),
  cap: minutes(5),
  longestAsked: minutes(60),
};

export interface SenderOptions {
  readonly outbox: VenOutbox;
  readonly port: ReportPort;
  readonly clock: HasMonotonic;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * Sends the reports of one VEN, one after the other, those of an event in the order of their due times. What fails for
 * a reason that may pass stays first and is tried again after a pause; a refusal ends that report alone.
 */
export class ReportSender {
  readonly #options: SenderOptions;
  #failures = 0;
  #failed = 0;
  /** On the monotonic clock, which no step of the wall clock can prolong. */
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** How long it pauses yet; 0 when it does not. */
  get pause(): Duration {
    return milliseconds(Math.max(0, this.#pausedUntil - this.#options.clock.monotonic()));
  }

  /** Deliveries that failed or were refused since the last one that was acknowledged. */
  get failed(): number {
    return this.#failed;
  }

  /** Sends all that can be sent now. @returns when there is no more, or it must pause. @throws the signal's reason */
  async sendAll(signal: AbortSignal): Promise<void> {
    while (this.pause === 0) {
      signal.throwIfAborted();
      const next = this.#options.outbox.nextToSend();
      if (next === undefined) return;
      await this.#deliver(next, signal);
    }
  }

  async #deliver(report: OutboxReport, signal: AbortSignal): Promise<void> {
    const { outbox } = this.#options;
    try {
      if (report.state === 'sent' && (await this.#adopt(report, signal))) return;
      await this.#create(report, signal);
    } catch (error) {
      if (isAbort(error)) throw error;
      if (!(error instanceof VtnError)) throw error;
      // 3.1 answers 409 for a reference that leads nowhere; a report of that name was looked for.
      if (isNotFound(error) || isConflict(error)) this.#end(report, 'expired', 'the VTN no longer has the event');
      else if (isRefusal(error)) this.#end(report, 'failed', describeError(error));
      else {
        if (!isUncertain(error) && report.state !== 'sent') outbox.markUnsent(report.id, describeError(error));
        this.#pauseAfter(report, error);
      }
    }
  }

  async #create(report: OutboxReport, signal: AbortSignal): Promise<void> {
    const { outbox, port, logger } = this.#options;
    const content = outbox.content(report.id);
    if (content === undefined) return;
    outbox.markSent(report.id);
    try {
      outbox.acknowledge(report.id, await port.create({ eventId: report.event, name: report.name, content }, signal));
    } catch (error) {
      // 409: the VTN has a report of this name, most likely ours.
      if (!isConflict(error) || !(await this.#adopt(report, signal))) throw error;
    }
    this.#failures = this.#failed = 0;
    logger.debug({ event: report.event, report: report.name }, 'report acknowledged');
  }

  /** Takes over the report of this name that the VTN has; false when there is none. */
  async #adopt(report: OutboxReport, signal: AbortSignal): Promise<boolean> {
    const { outbox, port, logger } = this.#options;
    const found = await port.find(report, signal);
    if (found === undefined) return false;
    outbox.acknowledge(report.id, found);
    this.#failures = this.#failed = 0;
    logger.info({ event: report.event, report: report.name }, 'the VTN has the report already');
    return true;
  }

  #end(report: OutboxReport, state: 'failed' | 'expired', reason: string): void {
    const { outbox, logger } = this.#options;
    outbox.close(report.id, state, reason);
    if (state === 'failed') this.#failed++;
    logger.warn({ event: report.event, report: report.name, state, reason }, 'a report will not be sent');
  }

  #pauseAfter(report: OutboxReport, error: VtnError): void {
    const { clock, random, logger } = this.#options;
    this.#failed++;
    const asked = retryAfterOf(error);
    const wish = asked === undefined ? undefined : milliseconds(Math.min(asked, PAUSES.longestAsked));
    const pause = retryPause(PAUSES, ++this.#failures, random, wish);
    this.#pausedUntil = clock.monotonic() + pause;
    logger.warn({ event: report.event, report: report.name, pauseMs: Math.round(pause), err: error }, 'reports wait for the VTN');
  }
}

/** The same request would be refused again: the report itself is at fault, not the VTN's state or our rights. */
function isRefusal({ code, status = 0 }: VtnError): boolean {
  return code === 'VTN_PROBLEM' && status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

/** The VTN may have the report: no answer, or one that makes no sense. */
function isUncertain(error: VtnError): boolean {
  return isAmbiguous(error) || error.code === 'VTN_PROTOCOL';
}
