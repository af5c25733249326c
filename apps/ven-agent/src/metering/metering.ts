import { type Clock, type Duration, describeError, isVenfleetError, type Logger, type LogLevel } from '@venfleet/core';
import type { Resource } from '@venfleet/resource-db';
import type { ReadingSink } from '../readings/reading.js';
import type { MeterChannel, MeterDriver } from './meter.js';
import { readingOf } from './reading-of.js';
import { runSchedule } from './schedule.js';
import { type MeterProblem, MeterRecord, type SlotCounts, sumCounts } from './statistics.js';

export interface MeteringOptions {
  readonly channels: readonly MeterChannel[];
  readonly sink: ReadingSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How metering does now. */
export interface MeteringStats extends SlotCounts {
  readonly meters: number;
  /** Meters whose last read gave values. */
  readonly answering: number;
  /** Meters whose last read failed, by the code of the reason. */
  readonly problems: Readonly<Record<string, number>>;
  readonly readings: number;
  readonly channels: number;
  readonly unreachable: readonly string[];
}

/** One meter, for the installer. */
export interface MeterStatus extends SlotCounts {
  readonly resource: Resource;
  /** Its gateway, broker or file, and which device there: `modbus 10.0.0.5:502 unit 21 (schneider-iem3000)`. */
  readonly where: string;
  readonly problem: MeterProblem | undefined;
  readonly hasAnswered: boolean;
}

interface Meter {
  readonly channel: MeterChannel;
  readonly driver: MeterDriver;
  readonly record: MeterRecord;
}

/** Reads every meter on its schedule and hands the readings on. */
export class Metering {
  readonly #options: MeteringOptions;
  readonly #meters: readonly Meter[];
  readonly #underWay = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #schedules: readonly Promise<void>[] = [];
  #readings = 0;

  constructor(options: MeteringOptions) {
    this.#options = options;
    this.#meters = options.channels.flatMap((channel) =>
      channel.drivers.map((driver) => ({ channel, driver, record: new MeterRecord() })),
    );
  }

  start(): void {
    const { channels, clock } = this.#options;
    for (const channel of channels) channel.start();
    this.#schedules = [...byInterval(this.#meters)].map(([interval, meters]) =>
      runSchedule(
        meters,
        interval,
        { begin: (meter, due) => this.#begin(meter, due), missed: (meter, slots) => skip(meter, slots) },
        { clock, signal: this.#stop.signal },
      ),
    );
  }

  /** Ends what is under way; what was read is with the sink when it resolves. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#schedules);
    await Promise.all(this.#options.channels.map((channel) => channel.stop()));
    await Promise.all(this.#underWay);
  }

  /** Reads each meter once, now, regardless of its schedule. */
  async readAllOnce(): Promise<void> {
    const now = this.#options.clock.monotonic();
    for (const meter of this.#meters) this.#begin(meter, now);
    await Promise.all(this.#underWay);
  }

  get stats(): MeteringStats {
    const problems: Record<string, number> = {};
    let answering = 0;
    for (const { record } of this.#meters) {
      if (record.problem !== undefined) problems[record.problem.code] = (problems[record.problem.code] ?? 0) + 1;
      else if (record.hasAnswered) answering++;
    }
    const { channels } = this.#options;
    return {
      ...sumCounts(this.#meters.map(({ record }) => record)),
      meters: this.#meters.length,
      answering,
      problems,
      readings: this.#readings,
      channels: channels.length,
      unreachable: channels.filter((channel) => !channel.reachable).map(({ name }) => name),
    };
  }

  /** Each meter's own record. */
  *statuses(): Generator<MeterStatus> {
    for (const { channel, driver, record } of this.#meters) {
      const { scheduled, onTime, late, failed, skipped, problem, hasAnswered } = record;
      const { resource, where } = driver;
      yield { resource, where: `${channel.name} ${where}`, scheduled, onTime, late, failed, skipped, problem, hasAnswered };
    }
  }

  #begin(meter: Meter, due: number): void {
    // A slot that comes before the last one's read is over is skipped: reads never queue up behind a slow meter.
    if (meter.record.busy) {
      skip(meter, 1);
      return;
    }
    const read = this.#read(meter, due).finally(() => this.#underWay.delete(read));
    this.#underWay.add(read);
  }

  async #read({ driver, record }: Meter, due: number): Promise<void> {
    const { clock, sink } = this.#options;
    const { resource } = driver;
    record.scheduled++;
    record.busy = true;
    try {
      const samples = await driver.read();
      if (samples.length > 0) sink.add(samples.map((sample) => readingOf(resource.id, sample)));
      this.#readings += samples.length;
      if (record.problem !== undefined) this.#log('info', resource, {}, 'meter answers again');
      record.answered(clock.monotonic() - due, resource.readInterval);
    } catch (error) {
      this.#failed(resource, record, error);
    } finally {
      record.busy = false;
    }
  }

  #failed(resource: Resource, record: MeterRecord, error: unknown): void {
    record.failed++;
    if (!isVenfleetError(error)) {
      // A bug must neither stop the others nor go unseen.
      this.#options.logger.error(
        { resource: resource.resourceId, stack: (error as Partial<Error>)?.stack },
        'reading a meter failed',
      );
      record.problem = { code: 'INTERNAL', message: describeError(error), hint: 'this is a bug: the log has more' };
      return;
    }
    if (record.problem === undefined && error.code !== 'METER_STOPPED') {
      this.#log('info', resource, { code: error.code, reason: error.message }, 'meter gives no value');
    }
    record.problem = { code: error.code, message: error.message, hint: error.hint };
  }

  #log(level: LogLevel, { resourceId, ven, name }: Resource, fields: object, message: string): void {
    this.#options.logger[level]({ resource: resourceId, ven, name, ...fields }, message);
  }
}

function skip({ record }: Meter, slots: number): void {
  record.scheduled += slots;
  record.skipped += slots;
}

function byInterval(meters: readonly Meter[]): Map<Duration, Meter[]> {
  const groups = new Map<Duration, Meter[]>();
  for (const meter of meters) {
    const interval = meter.driver.resource.readInterval;
    const group = groups.get(interval);
    if (group === undefined) groups.set(interval, [meter]);
    else group.push(meter);
  }
  return groups;
}
