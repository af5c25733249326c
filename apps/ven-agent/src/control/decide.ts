import type { Duration, Watts } from '@venfleet/core';
import type { Values } from '@venfleet/devices';
import type { Command, ControllerReport, Dialect, Wanted } from './model.js';

/** A limit is renewed when this share of its validity is over, long before the controller lets go by itself. */
const RENEW_AT = 0.4;

/** What is known when it is decided what a controller is to be told. Times are on the monotonic clock, in ms. */
export interface Situation {
  readonly wanted: Wanted | undefined;
  /** When a limit that is no longer wanted is released. */
  readonly releaseAt: number;
  /** What the controller said last, and when. */
  readonly heard: { readonly values: Values; readonly report: ControllerReport; readonly at: number } | undefined;
  /** The command that it has confirmed last, when, and for how long it said that it would hold. */
  readonly told: { readonly command: Command; readonly at: number; readonly holdsFor: Duration | undefined } | undefined;
  readonly now: number;
  /** 0.5…1, another for each controller: what a fleet has to do at regular times spreads by that. */
  readonly haste: number;
}

export interface DecisionSettings {
  /** How long a controller holds a limit that is not renewed. */
  readonly validFor: Duration;
  /** How old the last word of a controller may be. */
  readonly checkEvery: Duration;
  /** Whether a limit that nobody knows of is released. */
  readonly releaseFound: boolean;
}

export type Decision =
  | { readonly do: 'read' }
  | {
      readonly do: 'command';
      readonly command: Command;
      readonly why: 'new' | 'changed' | 'lapsed' | 'renewal' | 'over' | 'found';
    }
  /** Nothing until then, unless something changes. */
  | { readonly do: 'wait'; readonly until: number };

/** One pass of control, for one controller: at most one command. Pure, and so the same after a restart. */
export function decide(situation: Situation, dialect: Dialect, settings: DecisionSettings): Decision {
  const { wanted, heard, now, haste } = situation;
  const { checkEvery, validFor } = settings;
  const lookAt = heard === undefined ? now : heard.at + checkEvery * haste;
  if (heard === undefined || now >= lookAt) return { do: 'read' };
  const wait = (until: number): Decision => ({ do: 'wait', until: Math.min(until, lookAt) });
  // What is wanted is not known yet, as after a start: nothing is touched.
  if (wanted === undefined) return wait(Number.POSITIVE_INFINITY);
  const renewAt = renewalTime(situation, dialect, settings);
  const target = limitOf(wanted, dialect, heard.values);
  const held = heldNow(situation);
  if (target !== null) {
    const command: Command = { kind: 'hold', limit: target, validFor };
    if (held === null) return { do: 'command', command, why: heard.report.state === 'expired' ? 'lapsed' : 'new' };
    if (!isSame(held, target)) return { do: 'command', command, why: 'changed' };
    return now >= renewAt ? { do: 'command', command, why: 'renewal' } : wait(renewAt);
  }
  if (held === null || !mayRelease(situation, settings)) return wait(Number.POSITIVE_INFINITY);
  if (now >= situation.releaseAt) {
    return { do: 'command', command: { kind: 'release' }, why: situation.told?.command.kind === 'hold' ? 'over' : 'found' };
  }
  // Its turn has not come: what is held stays so until then.
  if (now >= renewAt) return { do: 'command', command: { kind: 'hold', limit: held, validFor }, why: 'renewal' };
  return wait(Math.min(renewAt, situation.releaseAt));
}

/** The limit that the controller is to show; null where it is to show none. */
export function limitOf({ setpoint }: Wanted, dialect: Dialect, values: Values): Watts | null {
  return setpoint.kind === 'free' ? null : dialect.quantise(setpoint.limit, values);
}

/** Whether two limits are one, but for what registers and currents round. */
export function isSame(a: Watts, b: Watts): boolean {
  return Math.abs(a - b) <= Math.max(1, 0.002 * Math.max(a, b));
}

/** What the controller holds now, as far as can be told from its last word. */
export function heldNow({ heard, now }: Pick<Situation, 'heard' | 'now'>): Watts | null {
  if (heard === undefined) return null;
  const { held, timeLeft } = heard.report;
  return timeLeft !== undefined && now > heard.at + timeLeft ? null : held;
}

/** Ours always; another's where the settings say so and the controller is clear about it. */
function mayRelease({ heard, told }: Situation, { releaseFound }: DecisionSettings): boolean {
  return told?.command.kind === 'hold' || (releaseFound && heard?.report.isTold === true);
}

function renewalTime({ heard, told, now, haste }: Situation, { keepalive }: Dialect, { validFor }: DecisionSettings): number {
  const timeLeft = heard?.report.timeLeft;
  const isOurs = told?.command.kind === 'hold';
  const span = (isOurs ? told.holdsFor : undefined) ?? validFor;
  // One that does not tell how long it holds on is told again at once, unless we know when it was told.
  const byValidity =
    heard !== undefined && timeLeft !== undefined
      ? heard.at + timeLeft - (1 - RENEW_AT) * span
      : isOurs
        ? told.at + RENEW_AT * span
        : now;
  const byKeepalive = isOurs && keepalive !== undefined ? told.at + keepalive : Number.POSITIVE_INFINITY;
  const due = Math.min(byValidity, byKeepalive);
  return isOurs ? told.at + (due - told.at) * haste : due;
}
