import {
  type Clock,
  type Duration,
  isVenfleetError,
  type Logger,
  milliseconds,
  minutes,
  type Random,
  seconds,
  VenfleetError,
} from '@venfleet/core';
import type { Controller } from '../../control/model.js';
import type { MeterChannel, MeterDriver } from '../meter.js';
import type { GatewayPlan, ModbusPlace } from '../plan.js';
import { Connection } from './connection.js';
import { ModbusController } from './controller.js';
import { ModbusDevice } from './device.js';
import { isMisfit, type Layouts, type Registers } from './layout.js';
import type { GatewayLink, OpenGateway } from './link.js';
import { ModbusMeter } from './meter.js';
import { Patience } from './patience.js';
import { type Job, JobQueue } from './queue.js';

/**
 * When so many devices failed for the first time, one after the other with no answer in between, it was the gateway
 * that was silent, or this process that had no time: when it answers again, their rest is over.
 */
const FALLEN_TOGETHER = 3;
/** A meter that may be dead has time; what a controller is to be told has not. */
const METER_REST = { longest: minutes(5) };
const CONTROLLER_REST = { first: seconds(5), longest: minutes(1) };
/** After so many failures another device may stand in its place. */
const FORGET_AFTER = 3;

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

/**
 * The queue of one Modbus TCP gateway, over one connection. Devices that answer never wait for those that may be
 * dead: who exceeds the time that its answers have taken so far loses its place among the healthy, is asked once
 * more after them, and then with its full time-out in one lane that all who may be dead share, however many they
 * are, each again after a rest that doubles. After a time-out no further request goes out on the connection, so that a
 * late answer meets nobody who could take it for his own; what the healthy have under way on it ends in peace.
 */
export class Gateway implements MeterChannel {
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  readonly controllers: readonly Controller[];
  readonly #options: GatewayOptions;
  readonly #devices = new Map<number, ModbusDevice>();
  readonly #queue = new JobQueue();
  readonly #patience = new Patience();
  readonly #connection: Connection;
  readonly #delayBetween: number;
  readonly #lanes: number;
  readonly #stop = new AbortController();
  #active = 0;
  /** Requests under way to devices that may be dead: one at most. */
  #probing = 0;
  /** First failures since the last answer. */
  #fallen = 0;

  constructor(options: GatewayOptions) {
    const { plan, layouts, inFlight, open, clock, random } = options;
    const logger = options.logger.child({ gateway: `${plan.host}:${plan.port}` });
    this.#options = options;
    this.name = `modbus ${plan.host}:${plan.port}`;
    const ports = { clock, logger };
    this.drivers = plan.meters.map((place) => this.#meter(place, layouts, ports));
    this.controllers = plan.controllers.map((place) => this.#controller(place));
    const transports = [...plan.meters, ...plan.controllers].map(({ profile }) => profile.transport);
    this.#delayBetween = Math.max(0, ...transports.map((t) => t.delayBetweenMs));
    this.#lanes = this.#delayBetween > 0 ? 1 : inFlight;
    this.#connection = new Connection({
      address: plan,
      open,
      pauseAfterConnect: milliseconds(Math.max(0, ...transports.map((t) => t.pauseAfterConnectMs))),
      changed: () => this.#pump(),
      unreachable: (error) => this.#failWaiting(error),
      clock,
      random,
      logger,
      signal: this.#stop.signal,
    });
  }

  get reachable(): boolean {
    return this.#connection.problem === undefined;
  }

  /** The connection is opened when the first device is due. */
  start(): void {}

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#failWaiting(stopped());
    this.#connection.close();
  }

  #meter(place: ModbusPlace, layouts: Layouts, ports: { clock: Clock; logger: Logger }): MeterDriver {
    const device = this.#device(place);
    const meter: ModbusMeter = new ModbusMeter(place, layouts, (what, work) => this.#ask(device, what, meter, work), ports);
    return meter;
  }

  #controller(place: ModbusPlace): Controller {
    const device = this.#device(place);
    const controller: ModbusController = new ModbusController(place, this.#options.layouts, (what, work) =>
      this.#ask(device, what, controller, work),
    );
    return controller;
  }

  /** Meter and controller of a charger are one device, which rests as a controller does. */
  #device({ resource, unitId, profile }: ModbusPlace): ModbusDevice {
    const known = this.#devices.get(unitId);
    if (known !== undefined) return known;
    const { plan, clock, random } = this.#options;
    const isController = plan.controllers.some((place) => place.unitId === unitId);
    const rest = isController ? CONTROLLER_REST : { first: resource.readInterval, ...METER_REST };
    const timeout = milliseconds(profile.transport.timeoutMs);
    const device = new ModbusDevice({ unitId, timeout, rest, clock, random });
    this.#devices.set(unitId, device);
    return device;
  }

  /** @param user whose knowledge of the device is void when another one turns out to stand there */
  #ask<T>(
    device: ModbusDevice,
    what: 'read' | 'write',
    user: { forget(): void },
    work: (registers: Registers) => Promise<T>,
  ): Promise<T> {
    return new Promise((done, fail) => {
      if (this.#stop.signal.aborted) throw stopped();
      device.refuseWhileResting();
      this.#queue.add({
        device,
        isWrite: what === 'write',
        chance: device.failures > 0 ? 'last' : 'first',
        attempt: async (registers) => {
          const result = await work(registers);
          return () => done(result);
        },
        fail: (error) => {
          if (device.failures >= FORGET_AFTER || isMisfit(error)) user.forget();
          fail(error);
        },
        interrupted: false,
      });
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return;
    while (this.#active < this.#lanes && this.#connection.isReady) {
      const job = this.#next();
      if (job === undefined) return;
      const link = this.#connection.link;
      if (link !== undefined) void this.#run(job, link);
      else {
        this.#queue.putBack(job);
        this.#connection.open();
      }
    }
  }

  /** Whoever may be dead has one lane of several; of a single one only what the healthy leave. */
  #next(): Job | undefined {
    const mayProbe = this.#probing === 0;
    if (mayProbe && this.#lanes > 1) return this.#queue.takeDoubtful() ?? this.#queue.takeHealthy();
    return this.#queue.takeHealthy() ?? (mayProbe ? this.#queue.takeDoubtful() : undefined);
  }

  async #run(job: Job, link: GatewayLink): Promise<void> {
    const { device } = job;
    const isProbe = job.chance === 'last';
    this.#active++;
    if (isProbe) this.#probing++;
    else this.#connection.begin(link);
    device.isBusy = true;
    try {
      const deliver = await job.attempt(this.#registers(job, link));
      device.succeeded();
      deliver();
    } catch (error) {
      this.#failed(job, link, error);
    } finally {
      device.isBusy = false;
      this.#active--;
      if (isProbe) this.#probing--;
      else this.#connection.end(link);
      this.#pump();
    }
  }

  /** One device's registers over one connection, each request within its time. */
  #registers(job: Job, link: GatewayLink): Registers {
    const { device } = job;
    const { clock } = this.#options;
    const timed = async <T>(request: (timeout: Duration) => Promise<T>): Promise<T> => {
      const asked = clock.monotonic();
      const answered = () => this.#answered(device, clock.monotonic() - asked);
      try {
        const result = await request(this.#timeoutOf(job));
        answered();
        return result;
      } catch (error) {
        // An exception of the device is an answer, too.
        if (isVenfleetError(error, 'METER_REFUSED')) answered();
        throw error;
      } finally {
        if (this.#delayBetween > 0) await clock.sleep(milliseconds(this.#delayBetween), this.#stop.signal).catch(() => {});
      }
    };
    return {
      read: (block) => timed((timeout) => link.read(device.unitId, block, timeout)),
      write: (request) => timed((timeout) => link.write(device.unitId, request, timeout)),
    };
  }

  #timeoutOf({ device, chance }: Job): Duration {
    const expected = device.expectedWithin(this.#patience);
    if (chance === 'first') return expected;
    // One that has never answered may always be that slow.
    const isKnown = device.patience.wait !== undefined;
    return chance === 'second' && isKnown ? milliseconds(Math.min(device.timeout, 2 * expected)) : device.timeout;
  }

  #answered(device: ModbusDevice, tookMs: number): void {
    if (this.#fallen >= Math.min(FALLEN_TOGETHER, this.#devices.size)) for (const each of this.#devices.values()) each.wake();
    this.#fallen = 0;
    this.#connection.answered();
    this.#patience.learn(tookMs);
    device.patience.learn(tookMs);
  }

  #failed(job: Job, link: GatewayLink, error: unknown): void {
    if (!isVenfleetError(error)) {
      // A bug is told to those who asked, and stops nobody else.
      job.fail(error);
      return;
    }
    const timedOut = isVenfleetError(error, 'METER_TIMEOUT');
    if (timedOut || isVenfleetError(error, 'METER_GARBLED')) this.#connection.spend(link);
    const isLost = isVenfleetError(error, 'GATEWAY_LOST');
    const byUs = isLost && this.#connection.lost(link) === 'replaced';
    if (this.#stop.signal.aborted) job.fail(stopped());
    else if (isLost && !job.interrupted) {
      job.interrupted = !byUs;
      this.#queue.putBack(job);
    } else if (timedOut && this.#timeoutOf(job) < job.device.timeout) {
      this.#queue.add({ ...job, chance: job.chance === 'first' ? 'second' : 'last' });
    } else {
      // One that refuses a command answers all the same, and its meter is to be read.
      const refusesCommand = job.isWrite && isVenfleetError(error, 'METER_REFUSED');
      if (timedOut && job.device.failures === 0) this.#fallen++;
      if (!isLost && !refusesCommand) job.device.failed(error);
      job.fail(error);
    }
  }

  #failWaiting(error: VenfleetError): void {
    for (const job of this.#queue.drain()) job.fail(error);
  }
}

function stopped(): VenfleetError {
  return new VenfleetError('METER_STOPPED', 'metering is being stopped');
}
