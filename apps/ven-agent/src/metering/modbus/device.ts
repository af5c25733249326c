import { type Clock, type Duration, milliseconds, type Random, seconds, VenfleetError } from '@venfleet/core';
import { Patience } from './patience.js';

const SHORTEST_REST = seconds(1);

export interface DeviceOptions {
  readonly unitId: number;
  /** The device's own time-out. */
  readonly timeout: Duration;
  /** The rest of a dead device doubles from the first up to the second. */
  readonly rest: { readonly first: Duration; readonly longest: Duration };
  readonly clock: Clock;
  readonly random: Random;
}

/** One unit behind a gateway, whoever asks it and for what: how it has answered, and when it may be asked again. */
export class ModbusDevice {
  readonly unitId: number;
  readonly timeout: Duration;
  /** How long its answers take. */
  readonly patience = new Patience();
  /** A request is under way; a device has one at most. */
  isBusy = false;
  readonly #options: DeviceOptions;
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #lastError: VenfleetError | undefined;

  constructor(options: DeviceOptions) {
    this.#options = options;
    this.unitId = options.unitId;
    this.timeout = options.timeout;
  }

  /** How often in a row it has failed. */
  get failures(): number {
    return this.#failures;
  }

  /** @throws VenfleetError METER_RESTING while the device is left alone after failures */
  refuseWhileResting(): void {
    const left = this.#restsUntil - this.#options.clock.monotonic();
    if (left <= 0) return;
    throw new VenfleetError(
      'METER_RESTING',
      `left alone for ${Math.ceil(left / 1000)} s more after ${this.#failures} failures, the last one: ${this.#lastError?.message}`,
      { context: { failures: this.#failures, reason: this.#lastError?.code }, hint: this.#lastError?.hint },
    );
  }

  succeeded(): void {
    this.#failures = 0;
    this.#lastError = undefined;
  }

  /** Leaves the device alone for a while that doubles with each failure, half of it by chance. */
  failed(error: VenfleetError): void {
    const { rest, clock, random } = this.#options;
    this.#failures++;
    this.#lastError = error;
    const first = Math.max(SHORTEST_REST, rest.first);
    const pause = Math.min(Math.max(rest.longest, first), first * 2 ** Math.min(this.#failures - 1, 30));
    this.#restsUntil = clock.monotonic() + pause * (0.5 + random.next() / 2);
  }

  /** What kept it silent may not have been its own fault, and is over: it may be asked at once. */
  wake(): void {
    this.#restsUntil = Number.NEGATIVE_INFINITY;
  }

  /** The time within which an answer is to be expected, by its own answers or else by those of its neighbours. */
  expectedWithin(neighbours: Patience): Duration {
    return milliseconds(Math.min(this.timeout, this.patience.wait ?? neighbours.wait ?? this.timeout));
  }
}
