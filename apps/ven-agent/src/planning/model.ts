import type { Duration, Instant, WattHours, Watts } from '@venfleet/core';
import type { GridEvent, Target } from '@venfleet/openadr';

/** A resource as planning sees it. */
export interface PlannedResource {
  /** Its row in the resource database. */
  readonly id: number;
  /** resourceName on the VTN. */
  readonly name: string;
  readonly type: 'DSR' | 'EV';
  readonly subType: string;
  /** The least that it can be held to. */
  readonly pMin: Watts;
  readonly pMax: Watts;
  /** Its flexible buffer lies between the two. */
  readonly eMin: WattHours;
  readonly eMax: WattHours;
  /** Those that the VTN gave it. */
  readonly targets: readonly Target[];
  /** Whether it has a controller at all. */
  readonly controllable: boolean;
}

/** An operator's refusal to follow an event, for one resource or for all of the VEN's. */
export interface OptOut {
  /** resourceName; absent: all. */
  readonly resource?: string | undefined;
  readonly reason: string;
  readonly at: Instant;
}

/** An event, and what the agent has drawn and noted for it, kept over polls and restarts. */
export interface HeldEvent {
  /** With the payload descriptors of its program for what it does not describe itself. */
  readonly event: GridEvent;
  /** When it was first seen: what `now` means. */
  readonly seenAt: Instant;
  /** Drawn once within ±event.randomizeStart; 0 without (3.1 Definition, intervalPeriod.randomizeStart). */
  readonly shift: Duration;
  /** Drawn once for each interval, by its index, that has a randomizeStart of its own. */
  readonly intervalShifts: ReadonlyMap<number, Duration>;
  readonly optOuts: readonly OptOut[];
}

/** What a resource's controller is to do now. */
export type Setpoint = { readonly kind: 'limit'; readonly limit: Watts } | { readonly kind: 'free' };

/** The VEN as targets name it. */
export interface PlannedVen {
  readonly name: string;
  /** Those that the VTN gave it. */
  readonly targets: readonly Target[];
}

/** What is known of a resource at the time of an allocation. Absent is unknown, never 0. */
export interface ResourceState {
  /** What its meter said last, where that is not stale. */
  readonly power?: Watts | undefined;
  /** What it would draw now if nobody limited it. */
  readonly baseline?: Watts | undefined;
  /** Whether its controller answers and obeys. */
  readonly reachable: boolean;
  /** The site goes its own way in spite of a limit, as its buffer is empty. */
  readonly overriding?: boolean | undefined;
  /** The limit that its controller keeps now. */
  readonly limit?: Watts | undefined;
  /** What is in its flexible buffer, between eMin and eMax. */
  readonly buffer?: WattHours | undefined;
  /** A charging station's vehicle, where that is known. */
  readonly vehicle?: Vehicle | undefined;
}

export interface Vehicle {
  readonly connected: boolean;
  /** 0…1. */
  readonly stateOfCharge?: number | undefined;
  /** What it is still to be given before it leaves. */
  readonly energyWanted?: WattHours | undefined;
  readonly departure?: Instant | undefined;
}

/** A resource held to its limit shows at least so much of it. */
const HELD = 0.95;

/** Whether a limit keeps it from drawing what it would by itself, as far as can be seen. */
export function isHeld({ power, limit }: ResourceState): boolean {
  return limit !== undefined && power !== undefined && power >= HELD * limit;
}
