import {
  type Clock,
  type Duration,
  describeError,
  type Instant,
  isAbort,
  isVenfleetError,
  type Logger,
  type Random,
  type RetryPolicy,
  retryPause,
  seconds,
  VenfleetError,
} from '@venfleet/core';
import type { VtnError } from '@venfleet/openadr';
import type { Resource } from '@venfleet/resource-db';
import type { Baseline } from '../baseline/baseline.js';
import type { FleetEvents } from '../events/fleet-events.js';
import type { Alarms } from '../readings/alarms.js';
import type { ReadingSource } from '../readings/reading.js';
import { Registry } from '../registration/registry.js';
import { type Delivery, FleetReporting } from '../reporting/fleet-reporting.js';
import type { ValueSources } from '../reporting/values.js';
import { connectFleet, type FleetConnection, type VtnSettings } from '../vtn.js';

export interface ReportingLinkOptions {
  readonly vtn: VtnSettings;
  /** Path of the agent's state database, which knows what is registered. */
  readonly state: string;
  /** Path of the outbox's database. */
  readonly outbox: string;
  readonly vens: ReadonlyMap<string, readonly Resource[]>;
  /** Started; it is connected as soon as the VTN is there. */
  readonly events: FleetEvents;
  readonly readings: ReadingSource;
  readonly modeAt: ValueSources['modeAt'];
  readonly timeZone: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly alarms?: Alarms | undefined;
}

/** Between attempts to find a VTN that is not there yet, or a registration that is still missing. */
const PAUSES: RetryPolicy = { attempts: Number.POSITIVE_INFINITY, base: seconds(2), cap: seconds(60), longestAsked: seconds(0) };

/** Reporting, begun as soon as the VTN is there and the VENs are registered with it; metering does not wait for it. */
export class ReportingLink {
  readonly #options: ReportingLinkOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #connection: FleetConnection | undefined;
  #reporting: FleetReporting | undefined;
  #problem: string | undefined = 'not connected yet';

  constructor(options: ReportingLinkOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#connect();
  }

  /** What is not sent yet is in the outbox. */
  async stop(): Promise<void> {
    this.#stopping.abort(new DOMException('the agent stops', 'AbortError'));
    await this.#running;
    await this.#reporting?.stop();
    await this.#connection?.close();
  }

  /** Why there is no reporting; undefined while there is. */
  get problem(): string | undefined {
    return this.#problem;
  }

  counts(): { readonly acknowledged: number; readonly waiting: number } {
    return this.#reporting?.counts() ?? { acknowledged: 0, waiting: 0 };
  }

  /** Where the VTN was found; undefined before that. */
  get url(): string | undefined {
    return this.#connection?.url;
  }

  /** How far this machine's clock is ahead of the VTN's; undefined before the VTN has answered. */
  get clockOffset(): Duration | undefined {
    return this.#connection?.clockOffset;
  }

  /** As FleetReporting.deliveries; nothing as long as there is no reporting. */
  deliveries(): ReadonlyMap<string, Delivery> {
    return this.#reporting?.deliveries() ?? new Map();
  }

  /** Why a VEN's last attempt to get a token failed; undefined where it did not. */
  tokenProblem(ven: string): VtnError | undefined {
    try {
      return this.#connection?.forVen(ven).tokens.problem;
    } catch (error) {
      if (isVenfleetError(error, 'NO_CREDENTIALS')) return undefined;
      throw error;
    }
  }

  /** As ReportedUntil of the store: as long as there is no reporting, every reading may still be wanted. */
  reportedUntil(resource: number): Instant | undefined {
    return this.#reporting?.reportedUntil(resource);
  }

  /** As FleetReporting.baseline; undefined as long as there is no reporting. */
  baseline(resource: number): Baseline | undefined {
    return this.#reporting?.baseline(resource);
  }

  async #connect(): Promise<void> {
    const { clock, random, logger } = this.#options;
    const { signal } = this.#stopping;
    for (let attempt = 1; this.#reporting === undefined && !signal.aborted; attempt++) {
      try {
        await this.#begin(signal);
        this.#problem = undefined;
        logger.info({}, 'reporting has begun');
      } catch (error) {
        if (isAbort(error)) return;
        const problem = describeError(error);
        if (problem !== this.#problem) {
          logger.warn({ reason: problem, hint: isVenfleetError(error) ? error.hint : undefined }, 'there is no reporting yet');
        }
        this.#problem = problem;
        await clock.sleep(retryPause(PAUSES, attempt, random), signal).catch(() => undefined);
      }
    }
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { vtn, events, clock, logger } = this.#options;
    const connection = await connectFleet(vtn, { clock, logger, signal });
    try {
      const vens = this.#registered(connection);
      const reporting = new FleetReporting({ ...this.#options, connection, vens });
      reporting.start();
      events.connect(connection, vens);
      this.#connection = connection;
      this.#reporting = reporting;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** The chosen VENs with the VTN's ids of them. @throws VenfleetError NOT_REGISTERED */
  #registered({ url, version }: FleetConnection) {
    const { state, clock, vens, logger } = this.#options;
    const registry = Registry.openReadonly(state, clock);
    try {
      const known = registry.status().find((each) => each.url === url)?.vens ?? [];
      const found = known.flatMap(({ name, venId }) => {
        const resources = vens.get(name);
        return resources === undefined ? [] : [{ name, venId, resources }];
      });
      const missing = [...vens.keys()].filter((name) => !found.some((ven) => ven.name === name));
      if (found.length === 0) {
        throw new VenfleetError('NOT_REGISTERED', `none of the VENs is registered at ${url} (OpenADR ${version})`, {
          hint: 'register them: npx nx run ven-agent:register',
        });
      }
      if (missing.length > 0)
        logger.warn({ vens: missing.slice(0, 20), missing: missing.length }, 'VENs are not registered, and do not report');
      return found;
    } finally {
      registry.close();
    }
  }
}
