import { type Clock, describeError, type Instant, isVenfleetError, type Logger, minutes, VenfleetError } from '@venfleet/core';
import type { MeterChannel, MeterDriver, Sample } from '../meter.js';
import type { FilePlan } from '../plan.js';
import type { FileRow, OpenRows, RowFile } from './rows.js';

/** A value of a file counts for so long after its time; the files' usual step is a quarter of an hour. */
const STALE_AFTER = minutes(30);

export interface FileReplayOptions {
  readonly plan: FilePlan;
  readonly open: OpenRows;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface FileMeter {
  /** Rows whose time has come and that nobody has taken yet. */
  pending: FileRow[];
  latest: FileRow | undefined;
}

/**
 * The meters in one file of timestamped values, which may grow meanwhile, replayed by the wall clock: a row is read
 * when its time has come. Of the rows from before the start, each meter's last one counts, if it is not stale.
 */
export class FileReplay implements MeterChannel {
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  /** A file controls nothing. */
  readonly controllers = [];
  readonly #options: FileReplayOptions;
  readonly #meters = new Map<string, FileMeter>();
  #rows: RowFile | undefined;
  /** The row whose time has not come yet. */
  #next: FileRow | undefined;
  #advancing: Promise<void> | undefined;
  #problem: VenfleetError | undefined;

  constructor(options: FileReplayOptions) {
    const { plan } = options;
    this.#options = options;
    this.name = `file ${plan.file}`;
    this.drivers = plan.resources.map((resource) => {
      const meter: FileMeter = { pending: [], latest: undefined };
      this.#meters.set(resource.resourceId, meter).set(resource.meterPointId, meter);
      return { resource, where: `rows of ${resource.meterPointId}`, read: () => this.#read(meter) };
    });
  }

  get reachable(): boolean {
    return this.#problem === undefined;
  }

  start(): void {
    this.#rows = this.#options.open(this.#options.plan.file);
  }

  async stop(): Promise<void> {
    const rows = this.#rows;
    this.#rows = undefined;
    await this.#advancing;
    this.#problem = new VenfleetError('METER_STOPPED', 'metering is being stopped');
    await rows?.close();
  }

  async #read(meter: FileMeter): Promise<Sample[]> {
    const now = this.#options.clock.now();
    await this.#advance(now);
    const due = meter.pending;
    meter.pending = [];
    if (due.length > 0) return due.map(sampleOf);
    if (this.#problem !== undefined) throw this.#problem;
    if (meter.latest !== undefined && now - meter.latest.at <= STALE_AFTER) return [];
    const last = meter.latest === undefined ? 'none' : `the last one is of ${new Date(meter.latest.at).toISOString()}`;
    throw new VenfleetError('METER_STALE', `${this.#options.plan.file} has no value for now: ${last}`);
  }

  /** Takes up all rows until `now`; meters that are read meanwhile wait for the same work. */
  #advance(now: Instant): Promise<void> {
    this.#advancing ??= this.#takeUntil(now).finally(() => {
      this.#advancing = undefined;
    });
    return this.#advancing;
  }

  async #takeUntil(now: Instant): Promise<void> {
    try {
      for (;;) {
        this.#next ??= await this.#rows?.next();
        if (this.#next === undefined || this.#next.at > now) break;
        this.#keep(this.#next, now);
        this.#next = undefined;
      }
      this.#problem = undefined;
    } catch (error) {
      this.#failed(isVenfleetError(error) ? error : new VenfleetError('METER_FILE_UNREADABLE', describeError(error)));
    }
  }

  #failed(problem: VenfleetError): void {
    const { plan, logger } = this.#options;
    if (this.#problem?.message !== problem.message) {
      logger.error({ file: plan.file, reason: problem.message }, 'meter file cannot be read');
    }
    this.#problem = problem;
  }

  #keep(row: FileRow, now: Instant): void {
    const meter = this.#meters.get(row.meter);
    // A file that was begun anew may repeat what the one before it said.
    if (meter === undefined || (meter.latest !== undefined && row.at <= meter.latest.at)) return;
    meter.latest = row;
    if (now - row.at <= STALE_AFTER) meter.pending.push(row);
  }
}

function sampleOf({ at, powerW, energyImportWh, energyExportWh }: FileRow): Sample {
  return { at, values: { powerW, energyImportWh, energyExportWh } };
}
