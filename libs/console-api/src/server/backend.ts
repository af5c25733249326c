import type {
  Alarms,
  Audit,
  AuditQuery,
  Delta,
  EventDetail,
  EventForm,
  EventList,
  EventSummary,
  Fault,
  FaultForm,
  Faults,
  FormChoices,
  LoginWays,
  Overview,
  ReportPage,
  ReportQuery,
  ResourceDetail,
  Series,
  Session,
  TokenAnswer,
  VenDetail,
} from '../types.js';

type Maybe<T> = T | undefined | Promise<T | undefined>;
type Soon<T> = T | Promise<T>;

/** Who is logged in. */
export interface ConsoleUser {
  readonly name: string;
  /** Epoch ms at which a stream ends; undefined: with the server. */
  readonly expiresAt: number | undefined;
  /** As the Authorization header has it; undefined where no token is asked for. */
  readonly token: string | undefined;
  /** Whether this one may do more than look. */
  readonly mayWriteEvents: boolean;
  readonly mayMakeFaults: boolean;
}

/** Who may look. */
export interface ConsoleGuard {
  /** For everybody to read: it tells nothing but how to log in. */
  ways(): LoginWays;
  /** @throws ConsoleProblem 401, 403, 429 */
  admit(authorization: string | undefined, address: string): Soon<ConsoleUser>;
  /** Present where there are login links. @throws ConsoleProblem 401, 429 */
  redeem?(code: string, address: string): Soon<TokenAnswer>;
}

/** What changes as one looks; begun with the first reader, and ended a while after the last. */
export interface LiveSource {
  overview(): Soon<Overview>;
  /** What has changed since it was asked before; undefined: nothing. */
  delta(): Delta | undefined;
}

/** What a console is of. Optional members are what not every server can do: it answers 404 for them. */
export interface ConsoleBackend extends LiveSource {
  /** Forgets what it followed; it may be asked again. */
  close(): void;
  session(user: ConsoleUser): Session;
  fleetSeries(): Soon<Series>;
  ven(id: string): Maybe<VenDetail>;
  venSeries(id: string): Maybe<Series>;
  resource(id: string): Maybe<ResourceDetail>;
  events(): Soon<EventList>;
  event(id: string): Maybe<EventDetail>;
  reports(query: ReportQuery): Soon<ReportPage>;
  audit?(query: AuditQuery): Promise<Audit>;
  alarms?(): Alarms;
  readonly writing?: EventWriting;
  readonly faults?: FaultDesk;
}

/** @throws ConsoleProblem 400 with the fields that are wrong, 404 */
export interface EventWriting {
  choices(): Soon<FormChoices>;
  /** @param dryRun only checks. @returns undefined for a dry run */
  create(form: EventForm, user: ConsoleUser, dryRun: boolean): Promise<EventSummary | undefined>;
  change(id: string, form: EventForm, user: ConsoleUser, dryRun: boolean): Promise<EventSummary | undefined>;
  cancel(id: string, user: ConsoleUser): Promise<EventSummary>;
}

/** The faults of a device simulator. @throws ConsoleProblem 502 where it does not answer, else as it refuses */
export interface FaultDesk {
  list(): Promise<Faults>;
  add(fault: FaultForm): Promise<Fault>;
  clear(id: number): Promise<Fault>;
  clearAll(): Promise<{ readonly cleared: number }>;
}
