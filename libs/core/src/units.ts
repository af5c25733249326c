/**
 * Physical quantities as branded numbers. One base unit each inside the program: watts, watt-hours,
 * milliseconds. A plain number cannot be passed where a quantity is asked for; only these functions
 * make one. On the wire, in SQL and in config a plain number carries its unit in its name.
 */

declare const unit: unique symbol;
type Quantity<U extends string> = number & { readonly [unit]: U };

/** Active power in watts; positive is consumption. */
export type Watts = Quantity<'W'>;
/** Energy in watt-hours. */
export type WattHours = Quantity<'Wh'>;
/** A span of time in milliseconds. */
export type Duration = Quantity<'ms'>;
/** A point in time: milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = Quantity<'epoch-ms'>;

function finite(value: number, what: string): number {
  if (!Number.isFinite(value)) throw new RangeError(`${what} must be a finite number, not ${value}`);
  return value;
}

/** @throws RangeError unless finite. */
export const watts = (value: number): Watts => finite(value, 'power in W') as Watts;
/** @throws RangeError unless finite. */
export const kilowatts = (value: number): Watts => watts(value * 1000);
/** The number of kilowatts in `power`, for the wire and for people. */
export const toKilowatts = (power: Watts): number => power / 1000;

/** @throws RangeError unless finite. */
export const wattHours = (value: number): WattHours => finite(value, 'energy in Wh') as WattHours;
/** @throws RangeError unless finite. */
export const kilowattHours = (value: number): WattHours => wattHours(value * 1000);
/** The number of kilowatt-hours in `energy`, for the wire and for people. */
export const toKilowattHours = (energy: WattHours): number => energy / 1000;

/** @throws RangeError unless finite. */
export const milliseconds = (value: number): Duration => finite(value, 'duration in ms') as Duration;
export const seconds = (value: number): Duration => milliseconds(value * 1000);
export const minutes = (value: number): Duration => milliseconds(value * 60_000);
export const hours = (value: number): Duration => milliseconds(value * 3_600_000);
export const toSeconds = (duration: Duration): number => duration / 1000;

/** @throws RangeError unless finite. */
export const instant = (epochMs: number): Instant => finite(epochMs, 'time in epoch ms') as Instant;
/** The instant `duration` after `time`. */
export const after = (time: Instant, duration: Duration): Instant => instant(time + duration);

/** A position on Earth, WGS 84, in degrees. OpenADR points and GeoJSON put longitude first. */
export interface Position {
  readonly longitude: number;
  readonly latitude: number;
}
