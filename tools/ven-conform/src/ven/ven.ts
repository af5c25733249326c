import type { Instant } from '@venfleet/core';
import type { WireVersion } from '@venfleet/openadr';

/** How a VEN is told of changes. */
export type Push = 'off' | 'webhook' | 'mqtt';

/** What a VEN is started with. */
export interface Situation {
  /** Of the ven object, and its client at the VTN. */
  readonly name: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Base URL of the VTN. */
  readonly url: string;
  readonly version: WireVersion;
  /** For whatever it remembers; empty. */
  readonly folder: string;
  /** How often it is to look at the events by itself, in s. */
  readonly pollS: number;
  readonly push: Push;
}

/** What a VEN says of a time, all its resources together. */
export interface PlanView {
  /** The most that it lets them draw, in kW; null: they are free. */
  readonly limitKw: number | null;
  /** The price that holds; null: none. Undefined where it says nothing of prices. */
  readonly price?: number | null;
  /** What its devices are really held to at this moment, in kW. Undefined where it does not say so. */
  readonly heldKw?: number | null;
}

/** A VEN that was started. */
export interface RunningVen {
  /** Its status, when it ends. */
  readonly exited: Promise<number>;
  /** The end of what it said on standard error. */
  lastWords(): string;
  stop(): Promise<void>;
  /**
   * What it does at a time: now, unless given. Absent for a VEN that does not tell.
   * @throws VenfleetError when it does not answer
   */
  plan?(at?: Instant): Promise<PlanView>;
}

/** The VEN that is checked: registers itself with a VTN and then runs, again and again under other names. */
export interface Ven {
  start(situation: Situation): Promise<RunningVen>;
}
