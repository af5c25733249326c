import type { Clock, Logger, Random, RetryPolicy } from '@venfleet/core';
import type { DecodedEvent } from '../domain/decode-event.js';
import type { NewEvent } from '../domain/encode-event.js';
import type { GridEvent } from '../domain/event.js';
import type { GridReport, ReportDraft } from '../domain/report.js';
import type { Role } from '../wire/auth.js';
import type { ByName, WireAdapter } from './adapter.js';
import { adapter301 } from './adapter301.js';
import { adapter310 } from './adapter310.js';
import type { DetectedVtn } from './detect.js';
import type {
  Changes,
  Created,
  EventChanges,
  EventFilter,
  EventList,
  NewProgram,
  NewResource,
  NewSubscription,
  NewVen,
  Notifiers,
  Program,
  ProgramChanges,
  ReportFilter,
  Subscription,
  SubscriptionFilter,
  TopicsOf,
  Ven,
  VenResource,
} from './domain.js';
import { notifierCalls } from './notifier-calls.js';
import { type CallOptions, type ListOptions, VtnSession } from './session.js';
import { subscriptionCalls } from './subscription-calls.js';
import type { TokenSource } from './tokens.js';
import type { HttpTransport } from './transport.js';

export interface VtnClientOptions {
  readonly transport: HttpTransport;
  readonly vtn: DetectedVtn;
  readonly tokens: TokenSource;
  readonly role: Role;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly retryPolicy?: RetryPolicy | undefined;
}

/**
 * A VTN as one client sees it, whichever version it speaks. Every method may throw a VtnError. Lists are complete or
 * fail. GET, PUT and DELETE are repeated after faults that may pass; POST only where it has certainly not been carried
 * out, else its error is ambiguous ({@link isAmbiguous}): look before repeating.
 */
export interface VtnClient {
  readonly vtn: DetectedVtn;
  listVens(filter?: ByName, options?: CallOptions): Promise<Ven[]>;
  createVen(ven: NewVen, options?: CallOptions): Promise<Ven>;
  updateVen(current: Ven, changes: Changes, options?: CallOptions): Promise<Ven>;
  /** Done also where an earlier try has deleted it. */
  deleteVen(id: string, options?: CallOptions): Promise<void>;
  listResources(venId: string, filter?: ByName, options?: CallOptions): Promise<VenResource[]>;
  createResource(ven: Pick<Ven, 'id' | 'clientId'>, resource: NewResource, options?: CallOptions): Promise<VenResource>;
  updateResource(current: VenResource, changes: Changes, options?: CallOptions): Promise<VenResource>;
  deleteResource(current: Pick<VenResource, 'id' | 'venId'>, options?: CallOptions): Promise<void>;
  listPrograms(filter?: ByName, options?: CallOptions): Promise<Program[]>;
  createProgram(program: NewProgram, options?: CallOptions): Promise<Program>;
  updateProgram(current: Program, changes: ProgramChanges, options?: CallOptions): Promise<Program>;
  deleteProgram(id: string, options?: CallOptions): Promise<void>;
  listEvents(filter?: EventFilter, options?: CallOptions): Promise<EventList>;
  /** One event, understood or not. @throws VtnError also where there is none ({@link isNotFound}) */
  readEvent(id: string, options?: CallOptions): Promise<DecodedEvent>;
  createEvent(event: NewEvent, options?: CallOptions): Promise<GridEvent>;
  updateEvent(current: GridEvent, changes: EventChanges, options?: CallOptions): Promise<GridEvent>;
  deleteEvent(id: string, options?: CallOptions): Promise<void>;
  /** Newest first, as far as the VTN does so. */
  listReports(filter?: ReportFilter, options?: ListOptions<GridReport>): Promise<GridReport[]>;
  createReport(draft: ReportDraft, options?: CallOptions): Promise<Created>;
  updateReport(id: string, draft: ReportDraft, options?: CallOptions): Promise<Created>;
  deleteReport(id: string, options?: CallOptions): Promise<void>;
  listSubscriptions(filter?: SubscriptionFilter, options?: CallOptions): Promise<Subscription[]>;
  /** @throws VenfleetError SUBSCRIPTION_NOT_EXPRESSIBLE without a program where the VTN speaks 3.0.1 */
  createSubscription(subscription: NewSubscription, options?: CallOptions): Promise<Subscription>;
  deleteSubscription(id: string, options?: CallOptions): Promise<void>;
  /** 3.0.1 has webhooks alone, and is not asked. */
  readNotifiers(options?: CallOptions): Promise<Notifiers>;
  /** Topics at the broker that {@link readNotifiers} names; only 3.1 has any. */
  readTopics(of: TopicsOf, options?: CallOptions): Promise<readonly string[]>;
}

export function createVtnClient(options: VtnClientOptions): VtnClient {
  const { vtn, role, logger } = options;
  const session = new VtnSession({ ...options, baseUrl: vtn.baseUrl, logger: logger.child({ component: 'vtn' }) });
  const subscriptions = subscriptionCalls(vtn.version);
  const wire: WireAdapter = vtn.version === '3.0.1' ? adapter301 : adapter310(role);
  return {
    vtn,
    listVens: (filter = {}, o) => session.list(wire.listVens(filter), o),
    createVen: async (ven, o) => session.run(wire.createVen(ven), o),
    updateVen: async (current, changes, o) => session.run(wire.updateVen(current, changes), o),
    deleteVen: (id, o) => session.run(wire.deleteVen(id), o),
    listResources: (venId, filter = {}, o) => session.list(wire.listResources(venId, filter), o),
    createResource: async (ven, resource, o) => session.run(wire.createResource(ven, resource), o),
    updateResource: async (current, changes, o) => session.run(wire.updateResource(current, changes), o),
    deleteResource: (current, o) => session.run(wire.deleteResource(current), o),
    listPrograms: (filter = {}, o) => session.list(wire.listPrograms(filter), o),
    createProgram: async (program, o) => session.run(wire.createProgram(program), o),
    updateProgram: async (current, changes, o) => session.run(wire.updateProgram(current, changes), o),
    deleteProgram: (id, o) => session.run(wire.deleteProgram(id), o),
    listEvents: async (filter = {}, o) => partition(await session.list(wire.listEvents(filter), o)),
    readEvent: (id, o) => session.run(wire.readEvent(id), o),
    createEvent: async (event, o) => session.run(wire.createEvent(event), o),
    updateEvent: async (current, changes, o) => session.run(wire.updateEvent(current, changes), o),
    deleteEvent: (id, o) => session.run(wire.deleteEvent(id), o),
    listReports: (filter = {}, o) => session.list(wire.listReports(filter), o),
    createReport: async (draft, o) => session.run(wire.createReport(draft), o),
    updateReport: async (id, draft, o) => session.run(wire.updateReport(id, draft), o),
    deleteReport: (id, o) => session.run(wire.deleteReport(id), o),
    listSubscriptions: (filter = {}, o) => session.list(subscriptions.listSubscriptions(filter), o),
    createSubscription: async (subscription, o) => session.run(subscriptions.createSubscription(subscription), o),
    deleteSubscription: (id, o) => session.run(subscriptions.deleteSubscription(id), o),
    readNotifiers: async (o) => (vtn.version === '3.0.1' ? { webhook: true } : session.run(notifierCalls.readNotifiers(), o)),
    readTopics: (of, o) => session.run(notifierCalls.readTopics(of), o),
  };
}

function partition(decoded: readonly DecodedEvent[]): EventList {
  return {
    events: decoded.flatMap((item) => ('event' in item ? [item.event] : [])),
    problems: decoded.flatMap((item) => ('problem' in item ? [item.problem] : [])),
  };
}
