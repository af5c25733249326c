import { type Duration, type Instant, instant, minutes } from '@venfleet/core';
import type { ClockSettings } from './config.js';

/**
 * What the system says of its clock: that it is synchronised; that a time service is on it, and there is no battery that
 * kept it going; or nothing.
 */
export type SystemTime = 'synchronised' | 'waiting' | 'silent';

export interface ClockFacts {
  readonly now: Instant;
  readonly system: SystemTime;
  /** How far the clock is ahead of the VTN's; undefined where that is not known. */
  readonly vtnOffset: Duration | undefined;
  /** The time of the newest reading that is stored; undefined where there is none. */
  readonly newest: Instant | undefined;
}

/** A reason to doubt a clock. `certain`: it cannot be right, and nothing but a step can mend it. */
export interface Doubt {
  readonly reason: string;
  readonly certain: boolean;
}

/** No venfleet is older. A computer without a battery begins in 1970, or when its system was built. */
const EARLIEST = instant(Date.parse('2026-01-01T00:00:00Z'));
/** As `check` has it: what is off by more shows in reports and in when events begin. */
const LARGEST_OFFSET = minutes(1);
/** A reading may be a little ahead of a clock that was slewed since. */
const SLACK = minutes(1);

/** Whether a clock may be believed, by all that is known. @returns undefined for yes */
export function doubtClock({ now, system, vtnOffset, newest }: ClockFacts, sync: ClockSettings['sync']): Doubt | undefined {
  if (now < EARLIEST) return { reason: `the clock says ${iso(now)}, before venfleet was made`, certain: true };
  if (sync === 'ignore' || system === 'synchronised') return undefined;
  if (vtnOffset !== undefined) {
    if (Math.abs(vtnOffset) <= LARGEST_OFFSET) return undefined;
    const off = `${Math.round(Math.abs(vtnOffset) / 1000)} s ${vtnOffset > 0 ? 'ahead of' : 'behind'}`;
    return { reason: `the clock is ${off} the VTN's`, certain: false };
  }
  if (newest !== undefined && now < newest - SLACK) {
    return { reason: `the clock says ${iso(now)}, and the newest reading is of ${iso(newest)}`, certain: false };
  }
  if (system === 'waiting') return { reason: 'the system has not set its clock by a time server yet', certain: false };
  return sync === 'require' ? { reason: 'nothing says that the clock is right', certain: false } : undefined;
}

const iso = (time: Instant): string => new Date(time).toISOString();
