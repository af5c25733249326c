import type { EventProblem } from '../domain/decode-event.js';
import type { NewEvent } from '../domain/encode-event.js';
import type { GridEvent } from '../domain/event.js';
import type { Value } from '../wire/common.js';
import type { EventPayloadDescriptor, IntervalPeriod, ReportPayloadDescriptor } from '../wire/v310/index.js';

/** Values of one type, such as `{ type: 'DESCRIPTION', values: ['…'] }`. */
export interface Attribute {
  readonly type: string;
  readonly values: readonly Value[];
}

/** Whom something is for: in 3.1 a plain string, in 3.0.1 values of a type such as GROUP. */
export type Target = string | Attribute;

export interface Ven {
  readonly id: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly targets: readonly Target[];
  /** 3.1 only. */
  readonly clientId?: string | undefined;
}

export interface NewVen {
  readonly name: string;
  readonly attributes?: readonly Attribute[] | undefined;
  /** The client that will act for the VEN: business logic must name it in 3.1, others cannot. */
  readonly clientId?: string | undefined;
}

export interface VenResource {
  readonly id: string;
  readonly venId: string;
  readonly name: string;
  readonly attributes: readonly Attribute[];
  readonly targets: readonly Target[];
  /** 3.1 only. */
  readonly clientId?: string | undefined;
}

export interface NewResource {
  readonly name: string;
  readonly attributes?: readonly Attribute[] | undefined;
}

/** What a client may change of a VEN or resource; what is left out stays. */
export interface Changes {
  readonly name?: string | undefined;
  readonly attributes?: readonly Attribute[] | undefined;
}

export type PayloadDescriptor = EventPayloadDescriptor | ReportPayloadDescriptor;

export interface Program {
  readonly id: string;
  readonly name: string;
  /** PROGRAM_LONG_NAME, RETAILER_NAME, RETAILER_LONG_NAME, PROGRAM_TYPE, COUNTRY, PRINCIPAL_SUBDIVISION, BINDING_EVENTS, LOCAL; in 3.1 private ones, too. */
  readonly attributes: readonly Attribute[];
  readonly targets: readonly Target[];
  readonly descriptionUrls: readonly string[];
  readonly payloadDescriptors: readonly PayloadDescriptor[];
  readonly intervalPeriod?: IntervalPeriod | undefined;
  /** 3.0.1 only: ISO 8601 duration. */
  readonly timeZoneOffset?: string | undefined;
}

/** What a client writes of a program; all but the name is optional. */
export type NewProgram = Pick<Program, 'name'> & Partial<Omit<Program, 'id' | 'name'>>;

export type ProgramChanges = Partial<Omit<Program, 'id'>>;

/** Which events to list. */
export interface EventFilter {
  readonly programId?: string | undefined;
  /** Only those that are not over: asked of a VTN of 3.1, which may not heed it; 3.0.1 lists all. */
  readonly active?: boolean | undefined;
}

/** What business logic may change of an event; what is left out stays. */
export type EventChanges = Partial<NewEvent>;

/** The events of a complete list, and those that could not be understood: they exist all the same. */
export interface EventList {
  readonly events: readonly GridEvent[];
  readonly problems: readonly EventProblem[];
}

/** Which reports to list: those that meet all of it. */
export interface ReportFilter {
  readonly programId?: string | undefined;
  readonly eventId?: string | undefined;
  readonly clientName?: string | undefined;
}

/** What the VTN called something that was written. */
export interface Created {
  readonly id: string;
}
