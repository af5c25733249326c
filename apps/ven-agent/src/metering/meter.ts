import type { Instant } from '@venfleet/core';
import type { Values } from '@venfleet/devices';
import type { Resource } from '@venfleet/resource-db';
import type { Controller } from '../control/model.js';

/** The canonical values that readings are made of; others that a device tells are not asked for. */
export const READING_VALUES = ['powerW', 'energyImportWh', 'energyExportWh'] as const;

/** What a meter said at one time. */
export interface Sample {
  readonly at: Instant;
  /** By canonical name; a value that is missing was not told. */
  readonly values: Values;
}

/** One meter as metering sees it, whatever it speaks. */
export interface MeterDriver {
  readonly resource: Resource;
  /** Which device of its channel it is, and as what it is read: `unit 21 (schneider-iem3000)`. */
  readonly where: string;
  /**
   * Asks for the meter's values. There is one call at a time, and each ends by itself: with an answer or
   * with the device's time-out.
   * @returns what is new since the last call, in the order of time; nothing where the meter speaks by itself
   *   and what it said still holds.
   * @throws VenfleetError with the reason why there is no value: METER_…, GATEWAY_…, BROKER_…
   */
  read(): Promise<readonly Sample[]>;
}

/** What meters and controllers share: a gateway, a broker, a file. */
export interface MeterChannel {
  /** For logs and metrics, e.g. `modbus 127.0.0.1:20000`. */
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  /** What can be controlled through it. */
  readonly controllers: readonly Controller[];
  /** Whether meters can be reached through it now; a channel opened on demand is reachable until it fails. */
  readonly reachable: boolean;
  /** Begins to connect; never waits for a peer, never throws for a missing one. */
  start(): void;
  /** Calls under way end with METER_STOPPED. */
  stop(): Promise<void>;
}
