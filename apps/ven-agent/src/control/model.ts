import type { Duration, Instant, Watts } from '@venfleet/core';
import type { PointValue, Values } from '@venfleet/devices';
import type { Resource } from '@venfleet/resource-db';
import type { Setpoint } from '../planning/model.js';

/** What planning wants of a resource, and why. */
export interface Wanted {
  readonly setpoint: Setpoint;
  /** The id of the event that this follows from; for `free`, of the one that has ended, where that is known. */
  readonly cause?: string | undefined;
  /** When it came into force; when control hears of it unless given. */
  readonly since?: Instant | undefined;
}

/** What a controller is told. */
export type Command =
  | { readonly kind: 'hold'; readonly limit: Watts; readonly validFor: Duration }
  | { readonly kind: 'release' };

/** What a controller says of itself, whatever it speaks. */
export interface ControllerReport {
  /** The limit in force; null while there is none. */
  readonly held: Watts | null;
  /**
   * Whether `held` is known to be somebody's limit. Some chargers show what they grant, but not whether anybody
   * asked for it.
   */
  readonly isTold: boolean;
  /** Until it lets go by itself; undefined where it does not tell. */
  readonly timeLeft: Duration | undefined;
  /**
   * `overridden`: a limit is in force, but the site goes its own way. `expired`: it let go by itself, as nobody
   * renewed the limit.
   */
  readonly state: 'free' | 'holding' | 'overridden' | 'expired' | 'fault';
}

/** How a kind of controller is told a limit in its own quantities, and how it tells what it does. Pure. */
export interface Dialect {
  /** The points that make a report, by canonical name. */
  readonly reads: readonly string[];
  /** It wants to hear its limit again within that time. */
  readonly keepalive: Duration | undefined;
  /**
   * What the controller will show when it is told `limit`, which is never more than that if it can be helped; null
   * where nothing needs to be held, since the controller lets through no more than that by itself.
   */
  quantise(limit: Watts, values: Values): Watts | null;
  /** The controls' values that carry the command. */
  encode(command: Command, values: Values): Readonly<Record<string, PointValue>>;
  decode(values: Values): ControllerReport;
}

/** One controller, however it is reached. Calls end by themselves, by an answer or a time-out. */
export interface Controller {
  readonly resource: Resource;
  readonly dialect: Dialect;
  /**
   * The values of {@link Dialect.reads}, as far as the device has them.
   * @throws VenfleetError METER_…, GATEWAY_…, BROKER_…, PROFILE_MISMATCH, CONTROLLER_SILENT
   */
  read(): Promise<Values>;
  /**
   * Writes, and reads back.
   * @param confirms tells whether values are those that the write should bring about; where the controller speaks
   *   by itself, it is waited for until they do.
   * @returns what the controller says then, confirming or not.
   * @throws as {@link read}; CONTROL_UNKNOWN, CONTROL_OUT_OF_RANGE
   */
  write(controls: Readonly<Record<string, PointValue>>, confirms: (values: Values) => boolean): Promise<Values>;
  /** Whom to tell what the controller says by itself. */
  listen(heard: (values: Values) => void): void;
}

/** What is wrong between us and a controller. */
export interface ControlProblem {
  /**
   * CONTROLLER_SILENT, CONTROLLER_REFUSES, CONTROL_NO_EFFECT (it confirms, but the meter shows no reduction),
   * CONTROLLER_FAULT (it says so itself), or the code of what the device turned out to be (PROFILE_MISMATCH, …).
   */
  readonly code: string;
  readonly message: string;
  readonly since: Instant;
}

/** One resource's control, as others see it. */
export interface ControlState {
  readonly resource: Resource;
  /**
   * `unknown`: its controller has not been heard of. `free`: no limit. `pending`: a limit is wanted, but not
   * confirmed. `holding`: confirmed by reading it back. `overridden`: in force, but the site goes its own way.
   * `restoring`: the limit is over and still held, for its turn to be released.
   */
  readonly status: 'unknown' | 'free' | 'pending' | 'holding' | 'overridden' | 'restoring';
  readonly wanted: Wanted | undefined;
  /** The limit in force as the controller said last; null: none, undefined: unknown. */
  readonly held: Watts | null | undefined;
  /** When it said so. */
  readonly heardAt: Instant | undefined;
  /** When the limit that is wanted now was first confirmed. */
  readonly confirmedAt: Instant | undefined;
  readonly problem: ControlProblem | undefined;
  /** Whether it does what it is told, as far as is known. */
  readonly obeys: boolean;
}
