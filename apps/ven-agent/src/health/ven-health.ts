import { isTransient, type VtnError, type VtnErrorCode } from '@venfleet/openadr';
import type { ControlState } from '../control/model.js';
import type { EventFeed } from '../events/feed.js';
import type { MeterStatus } from '../metering/metering.js';
import type { Delivery } from '../reporting/fleet-reporting.js';

/** How one VEN does. */
export interface VenHealth {
  readonly ven: string;
  readonly meters: number;
  /** Meters whose last read failed, or that have given no value yet. */
  readonly staleMeters: number;
  readonly controllers: number;
  /** Controllers that do not do what they are told, or are not there. */
  readonly failingControllers: number;
  /** Controllers of sites that are to be limited or released now, and that do not confirm it or have no effect. */
  readonly unconfirmedControllers: number;
  /** The VTN's events cannot be read, or were not read since the start. */
  readonly isLost: boolean;
  readonly pollsMissed: number;
  /** The VTN refuses the VEN's client or its tokens, or no new token can be had before the old one runs out. */
  readonly hasTokenProblem: boolean;
  /** Reports that are due and not acknowledged. */
  readonly reportsWaiting: number;
  /** Deliveries that failed or were refused since the last one that was acknowledged. */
  readonly reportsFailed: number;
}

/** What the health of VENs is taken from; without a VTN there are no feeds and no deliveries. */
export interface HealthSources {
  readonly vens: Iterable<string>;
  readonly meters: Iterable<MeterStatus>;
  readonly controllers: Iterable<ControlState>;
  feed(ven: string): Pick<EventFeed, 'isCurrent' | 'lostBy' | 'pollsMissed'> | undefined;
  tokenProblem(ven: string): VtnError | undefined;
  readonly deliveries: ReadonlyMap<string, Delivery>;
}

type Tally = { -readonly [K in keyof VenHealth]: VenHealth[K] };

/** The health of each VEN, in the order given. */
export function venHealth(sources: HealthSources): VenHealth[] {
  const vens = new Map<string, Tally>();
  for (const ven of sources.vens) vens.set(ven, { ...NO_DEVICES, ven, ...ofVtn(ven, sources) });
  for (const { resource, problem, hasAnswered } of sources.meters) {
    const own = vens.get(resource.ven);
    if (own === undefined) continue;
    own.meters++;
    if (problem !== undefined || !hasAnswered) own.staleMeters++;
  }
  for (const state of sources.controllers) {
    const own = vens.get(state.resource.ven);
    if (own === undefined) continue;
    own.controllers++;
    if (state.problem !== undefined) own.failingControllers++;
    if (isUnconfirmed(state)) own.unconfirmedControllers++;
  }
  return [...vens.values()];
}

const NO_DEVICES = { meters: 0, staleMeters: 0, controllers: 0, failingControllers: 0, unconfirmedControllers: 0 };

function ofVtn(ven: string, { feed: feedOf, tokenProblem, deliveries }: HealthSources) {
  const feed = feedOf(ven);
  const { waiting = 0, failed = 0 } = deliveries.get(ven) ?? {};
  const isLost = feed !== undefined && (feed.lostBy !== undefined || !feed.isCurrent);
  return {
    isLost,
    pollsMissed: feed?.pollsMissed ?? 0,
    hasTokenProblem: isRefused(feed?.lostBy) || isTokenAtRisk(tokenProblem(ven), isLost),
    reportsWaiting: waiting,
    reportsFailed: failed,
  };
}

const REFUSALS: readonly VtnErrorCode[] = ['VTN_AUTH', 'VTN_UNAUTHORIZED', 'VTN_FORBIDDEN'];

const isRefused = (code: VtnErrorCode | undefined): boolean => code !== undefined && REFUSALS.includes(code);

/** While the VTN is away, its token endpoint mostly is, too: that is one trouble, not two. */
function isTokenAtRisk(problem: VtnError | undefined, isLost: boolean): boolean {
  return problem !== undefined && !(isLost && isTransient(problem));
}

/** A limit that is wanted is not the one in force, or has no effect; or one that is over cannot be taken back. */
function isUnconfirmed({ wanted, status, problem }: ControlState): boolean {
  if (wanted?.setpoint.kind === 'limit') return status === 'pending' || status === 'overridden' || problem !== undefined;
  return status === 'restoring' && problem !== undefined;
}
