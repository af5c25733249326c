import type { EventProblem } from '../domain/decode-event.js';
import type { NewEvent } from '../domain/encode-event.js';
import type { GridEvent } from '../domain/event.js';
import type { ObjectType, Value } from '../wire/common.js';
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

/** A wish to be told of changes by webhook, as the VTN keeps it. */
export interface Subscription {
  readonly id: string;
  readonly clientName: string;
  /** Absent in 3.1 for all programs. */
  readonly programId?: string | undefined;
  readonly callbackUrls: readonly string[];
}

/** To be told of whatever is done to objects of some kinds. */
export interface NewSubscription {
  readonly clientName: string;
  /** 3.0.1 wants one. */
  readonly programId?: string | undefined;
  readonly objects: readonly ObjectType[];
  readonly callbackUrl: string;
  /** The VTN shows it at the callback. */
  readonly bearerToken: string;
}

export interface SubscriptionFilter {
  readonly clientName?: string | undefined;
  readonly programId?: string | undefined;
}

/** How a VTN tells of changes (3.1 Definition, notifiers). */
export interface Notifiers {
  readonly webhook: boolean;
  readonly mqtt?: MqttBroker | undefined;
}

export interface MqttBroker {
  /** Any of them will do. */
  readonly uris: readonly string[];
  readonly authentication: MqttAuthentication;
}

export type MqttAuthentication =
  | { readonly method: 'ANONYMOUS' }
  /** The password is an access token; `{clientID}` in the user name stands for the client's own id. */
  | { readonly method: 'OAUTH2_BEARER_TOKEN'; readonly username: string }
  /** PEM. */
  | { readonly method: 'CERTIFICATE'; readonly caCert: string; readonly clientCert: string; readonly clientKey: string }
  | { readonly method: 'UNKNOWN'; readonly name: string };

/** What topics are asked for: those of a VEN or program itself, or of objects below it. */
export type TopicsOf =
  | { readonly ven: string; readonly objects?: 'events' | 'programs' | 'resources' | undefined }
  | { readonly program: string; readonly objects?: 'events' | undefined };
