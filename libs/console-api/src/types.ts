import type { z } from 'zod';
import type * as schemas from './schemas.js';

type Of<S extends z.ZodType> = z.infer<S>;

export type LoginWay = Of<typeof schemas.LoginWay>;
export type LoginWays = Of<typeof schemas.LoginWays>;
export type LoginCode = Of<typeof schemas.LoginCode>;
export type TokenAnswer = Of<typeof schemas.TokenAnswer>;
export type Session = Of<typeof schemas.Session>;
export type VenState = Of<typeof schemas.VenState>;
export type Position = Of<typeof schemas.Position>;
export type VenSummary = Of<typeof schemas.VenSummary>;
export type FleetTotals = Of<typeof schemas.FleetTotals>;
export type Series = Of<typeof schemas.Series>;
export type EventState = Of<typeof schemas.EventState>;
export type EventPeriod = Of<typeof schemas.EventPeriod>;
export type EventSummary = Of<typeof schemas.EventSummary>;
export type EventList = Of<typeof schemas.EventList>;
export type Performance = Of<typeof schemas.Performance>;
export type EventForm = Of<typeof schemas.EventForm>;
export type EventDetail = Of<typeof schemas.EventDetail>;
export type FormChoices = Of<typeof schemas.FormChoices>;
export type ResourceSummary = Of<typeof schemas.ResourceSummary>;
export type VenDetail = Of<typeof schemas.VenDetail>;
export type ResourceDetail = Of<typeof schemas.ResourceDetail>;
export type Quality = Of<typeof schemas.Quality>;
export type ReportSummary = Of<typeof schemas.ReportSummary>;
export type ReportQuery = Of<typeof schemas.ReportQuery>;
export type ReportPage = Of<typeof schemas.ReportPage>;
export type AuditQuery = Of<typeof schemas.AuditQuery>;
export type AuditRow = Of<typeof schemas.AuditRow>;
export type Audit = Of<typeof schemas.Audit>;
export type Fault = Of<typeof schemas.Fault>;
export type Faults = Of<typeof schemas.Faults>;
export type Alarm = Of<typeof schemas.Alarm>;
export type Alarms = Of<typeof schemas.Alarms>;
export type FaultForm = Of<typeof schemas.FaultForm>;
export type Overview = Of<typeof schemas.Overview>;
export type FleetPoint = Of<typeof schemas.FleetPoint>;
export type Delta = Of<typeof schemas.Delta>;
export type Heartbeat = Of<typeof schemas.Heartbeat>;
export type Problem = Of<typeof schemas.Problem>;
/** Name and data of a message of the stream. */
export type StreamEvent = {
  [Name in keyof typeof schemas.StreamEvents]: {
    readonly event: Name;
    readonly data: Of<(typeof schemas.StreamEvents)[Name]>;
  };
}[keyof typeof schemas.StreamEvents];
