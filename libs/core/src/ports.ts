import type { Duration, Instant } from './units.js';

/** Reads the wall clock: what a meter's reading is stamped with. It may jump either way. */
export interface HasNow {
  now(): Instant;
}

/** Reads a clock that never jumps, in ms from an arbitrary origin: what time-outs are measured with. */
export interface HasMonotonic {
  monotonic(): number;
}

/** Waits. */
export interface HasSleep {
  /**
   * Resolves after `duration`.
   * @throws the signal's reason as soon as `signal` aborts.
   */
  sleep(duration: Duration, signal?: AbortSignal): Promise<void>;
}

/** Time, injected. The one real implementation is {@link systemClock}; tests advance a FakeClock. */
export interface Clock extends HasNow, HasMonotonic, HasSleep {}

/** Chance, injected. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured logging: fields first, then a constant message. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** A logger that adds `fields` (usually `component`) to each line. */
  child(fields: LogFields): Logger;
  /** Whether lines of this level are written: ask before building an expensive one. */
  isEnabled(level: LogLevel): boolean;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Discards everything. */
export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
  isEnabled: () => false,
};
