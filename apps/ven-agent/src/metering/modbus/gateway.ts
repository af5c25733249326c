import {
  type Clock,
  describeError,
  isVenfleetError,
  type Logger,
  milliseconds,
  type Random,
  type RetryPolicy,
  seconds,
  VenfleetError,
} from '@venfleet/core';
import type { MeterChannel, MeterDriver, Sample } from '../meter.js';
import type { GatewayPlan } from '../plan.js';
import type { Layouts, ReadRegisters } from './layout.js';
import { type GatewayLink, linkErrors, type OpenGateway } from './link.js';
import { Patience } from './patience.js';
import { ModbusUnit } from './unit.js';

const CONNECT_TIMEOUT = seconds(3);
/** A gateway that answers again after so long was silent itself; its devices need no further rest. */
const SILENCE = seconds(20);
/** Pauses between attempts to connect. */
const RECONNECT: Pick<RetryPolicy, 'base' | 'cap'> = { base: seconds(1), cap: seconds(60) };

export interface GatewayOptions {
  readonly plan: GatewayPlan;
  readonly open: OpenGateway;
  readonly layouts: Layouts;
  /** Requests under way at once, of which a device has one at most. */
  readonly inFlight: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A device waiting to be read. */
interface Job {
  readonly unit: ModbusUnit;
  readonly done: (sample: Sample) => void;
  readonly fail: (error: VenfleetError) => void;
  /** Asked with its full time-out, in the one lane for devices that may be dead. */
  readonly patient: boolean;
  /** The peer ended the connection under it once already. */
  interrupted: boolean;
}

/**
 * The queue of one Modbus TCP gateway, over one connection. Devices that answer go ahead of those that may
 * be dead: of these, one at a time is asked, so however many are, they hold one lane. After a time-out no
 * further request goes out on the connection; it is replaced as soon as those under way that are not likely to
 * be dead have ended, so that a late answer meets nobody who could take it for his own.
 */
export class Gateway implements MeterChannel {
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  readonly #options: GatewayOptions;
  readonly #units: readonly ModbusUnit[];
  readonly #patience = new Patience();
  readonly #pauseAfterConnect: number;
  readonly #delayBetween: number;
  readonly #lanes: number;
  readonly #ready: Job[] = [];
  readonly #suspects: Job[] = [];
  readonly #stop = new AbortController();
  #link: GatewayLink | undefined;
  #connecting = false;
  /** The connection is to be replaced; nothing new goes out on it. */
  #spent = false;
  readonly #dropped = new WeakSet<GatewayLink>();
  #answeredOnLink = false;
  #active = 0;
  #patientActive = 0;
  #connectFailures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;
  #unreachable: VenfleetError | undefined;
  #lastAnswer = Number.NEGATIVE_INFINITY;

  constructor(options: GatewayOptions) {
    const { plan, layouts, inFlight, clock, random } = options;
    this.#options = { ...options, logger: options.logger.child({ gateway: `${plan.host}:${plan.port}` }) };
    this.name = `modbus ${plan.host}:${plan.port}`;
    const ports = { clock, random, logger: this.#options.logger };
    this.#units = plan.meters.map((place) => new ModbusUnit(place, layouts, ports));
    this.drivers = this.#units.map((unit) => ({ resource: unit.place.resource, read: async () => [await this.#read(unit)] }));
    const transports = plan.meters.map(({ profile }) => profile.transport);
    this.#pauseAfterConnect = Math.max(0, ...transports.map((t) => t.pauseAfterConnectMs));
    this.#delayBetween = Math.max(0, ...transports.map((t) => t.delayBetweenMs));
    this.#lanes = this.#delayBetween > 0 ? 1 : inFlight;
  }

  get reachable(): boolean {
    return this.#unreachable === undefined;
  }

  /** The connection is opened when the first device is due. */
  start(): void {}

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#failWaiting(stopped());
    this.#link?.close();
  }

  #read(unit: ModbusUnit): Promise<Sample> {
    return new Promise((done, fail) => {
      if (this.#stop.signal.aborted) throw stopped();
      unit.refuseWhileResting();
      const job = { unit, done, fail, patient: unit.isSuspect, interrupted: false };
      (job.patient ? this.#suspects : this.#ready).push(job);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stop.signal.aborted || this.#connecting) return;
    if (this.#spent && this.#active === this.#patientActive) this.#dropLink();
    if (this.#spent) return;
    while (this.#active < this.#lanes) {
      const job = this.#next();
      if (job === undefined) return;
      if (this.#link !== undefined) void this.#run(job, this.#link);
      else if (this.#unreachable !== undefined && this.#options.clock.monotonic() < this.#retryAt) job.fail(this.#unreachable);
      else {
        this.#putBack(job);
        void this.#connect();
        return;
      }
    }
  }

  /** Whoever may be dead takes a lane of several, but never the only one before the others had theirs. */
  #next(): Job | undefined {
    const suspectMayGo = this.#patientActive === 0 && (this.#lanes > 1 || this.#ready.length === 0);
    return (suspectMayGo ? this.#suspects.shift() : undefined) ?? this.#ready.shift();
  }

  #putBack(job: Job): void {
    (job.patient ? this.#suspects : this.#ready).unshift(job);
  }

  async #run(job: Job, link: GatewayLink): Promise<void> {
    this.#active++;
    if (job.patient) this.#patientActive++;
    const { unit } = job;
    try {
      const sample = await unit.perform(this.#reader(job, link));
      unit.succeeded();
      job.done(sample);
    } catch (error) {
      this.#failed(job, link, error);
    } finally {
      this.#active--;
      if (job.patient) this.#patientActive--;
      this.#pump();
    }
  }

  #reader(job: Job, link: GatewayLink): ReadRegisters {
    const { unit, patient } = job;
    const { clock } = this.#options;
    return async (block) => {
      const timeout = patient ? unit.timeout : this.#patience.limit(unit.timeout);
      const asked = clock.monotonic();
      try {
        const data = await link.read(unit.place.unitId, block, timeout);
        this.#answered(clock.monotonic() - asked);
        return data;
      } catch (error) {
        // An exception of the device is an answer, too.
        if (isVenfleetError(error, 'METER_REFUSED')) this.#answered(clock.monotonic() - asked);
        throw error;
      } finally {
        if (this.#delayBetween > 0) await clock.sleep(milliseconds(this.#delayBetween), this.#stop.signal).catch(() => {});
      }
    };
  }

  #answered(tookMs: number): void {
    const now = this.#options.clock.monotonic();
    if (now - this.#lastAnswer > SILENCE) for (const unit of this.#units) unit.wake();
    this.#lastAnswer = now;
    this.#answeredOnLink = true;
    this.#becameReachable();
    this.#patience.learn(tookMs);
  }

  #failed(job: Job, link: GatewayLink, error: unknown): void {
    if (!isVenfleetError(error)) throw error;
    const timedOut = isVenfleetError(error, 'METER_TIMEOUT');
    if ((timedOut || isVenfleetError(error, 'METER_GARBLED')) && this.#link === link) this.#spent = true;
    const isLost = isVenfleetError(error, 'GATEWAY_LOST');
    if (isLost) this.#lost(link);
    if (this.#stop.signal.aborted) job.fail(stopped());
    else if (isLost && !job.interrupted) {
      job.interrupted = !this.#dropped.has(link);
      this.#putBack(job);
    } else if (timedOut && !job.patient) {
      this.#suspects.push({ ...job, patient: true });
    } else {
      if (!isLost) job.unit.failed(error);
      job.fail(error);
    }
  }

  async #connect(): Promise<void> {
    const { plan, open, clock } = this.#options;
    this.#connecting = true;
    try {
      const link = await open(plan, CONNECT_TIMEOUT);
      if (this.#stop.signal.aborted) {
        link.close();
        return;
      }
      this.#link = link;
      this.#spent = false;
      this.#answeredOnLink = false;
      void link.closed.then(() => this.#lost(link));
      if (this.#pauseAfterConnect > 0) await clock.sleep(milliseconds(this.#pauseAfterConnect), this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#becameUnreachable(isVenfleetError(error) ? error : linkErrors.unreachable(plan, describeError(error), error));
    } finally {
      this.#connecting = false;
    }
    this.#pump();
  }

  #lost(link: GatewayLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#spent = false;
    // One that hangs up before it has said anything wants no connection now; asking at once would be a storm.
    if (!this.#answeredOnLink && !this.#stop.signal.aborted) this.#becameUnreachable(linkErrors.lost(this.#options.plan));
    this.#pump();
  }

  #dropLink(): void {
    const link = this.#link;
    this.#link = undefined;
    this.#spent = false;
    if (link === undefined) return;
    this.#dropped.add(link);
    link.close();
  }

  #becameReachable(): void {
    if (this.#unreachable === undefined) return;
    this.#options.logger.warn({}, 'gateway is reachable again');
    this.#unreachable = undefined;
    this.#connectFailures = 0;
  }

  #becameUnreachable(error: VenfleetError): void {
    const { clock, random, logger } = this.#options;
    if (this.#unreachable === undefined) logger.warn({ reason: error.message }, 'gateway is unreachable');
    this.#unreachable = error;
    const pause = Math.min(RECONNECT.cap, RECONNECT.base * 2 ** Math.min(this.#connectFailures++, 30));
    this.#retryAt = clock.monotonic() + pause * (0.5 + random.next() / 2);
    this.#failWaiting(error);
  }

  #failWaiting(error: VenfleetError): void {
    for (const job of [...this.#ready.splice(0), ...this.#suspects.splice(0)]) job.fail(error);
  }
}

function stopped(): VenfleetError {
  return new VenfleetError('METER_STOPPED', 'metering is being stopped');
}
