import { z } from 'zod';

/**
 * What a console's server answers and takes, as schemas: for the server's checks and its OpenAPI document. The page needs
 * their types alone, which are in the package's main entry.
 *
 * Times are epoch milliseconds and end in `At`, powers are watts and end in `W`, energies watt-hours and end in `Wh`. What
 * is not known is null, never 0. Load drawn from the grid is positive; so is power that an event has VENs not draw.
 */

const time = z.number().describe('epoch milliseconds');
const maybeTime = time.nullable();
const watts = z.number().nullable().describe('watts; null where it is not known');
const wattHours = z.number().nullable().describe('watt-hours; null where it is not known');
const count = z.int().min(0);
const text = z.string();

// --- who may look ---------------------------------------------------------------------------------------------------

/**
 * `client-credentials`: POST `grant_type=client_credentials&client_id=…&client_secret=…` as a form to `tokenUrl`, as any
 * OAuth2 client does (RFC 6749, section 4.4) → TokenAnswer. `operator-token`: the token is what the operator types; ask
 * `session` with it. `code`: a login link's code of one use, from the page's fragment `#code=…`, is sent to `code`. `none`:
 * no token is asked for. After too many failures the answer is 429 with Retry-After.
 */
export const LoginWay = z.enum(['client-credentials', 'operator-token', 'code', 'none']);
export const LoginWays = z.object({
  server: z.enum(['vtn', 'agent']),
  ways: z.array(LoginWay),
  tokenUrl: text.nullable().describe('path of the token endpoint; null without client-credentials'),
});
export const LoginCode = z.strictObject({ code: z.string().min(1).max(200) });
export const TokenAnswer = z.object({
  access_token: text,
  token_type: z.literal('Bearer'),
  expires_in: z.number().describe('seconds'),
});

export const Session = z.object({
  server: z.enum(['vtn', 'agent']),
  name: text.describe('what this console is of, for its title: `VTN mock`, or the VEN'),
  user: text.describe('who is logged in'),
  /** Pages that are of no use with this server need not be shown. */
  abilities: z.object({
    writeEvents: z.boolean(),
    audit: z.boolean(),
    faults: z.boolean().describe('whether a device simulator was named'),
    alarms: z.boolean().describe('whether it watches over itself'),
  }),
  serverAt: time.describe('its clock; the page counts times from there, not from the browser’s clock'),
});

// --- the fleet ------------------------------------------------------------------------------------------------------

/**
 * `silent`: it is asked for reports, and none has come for longer than it should take. `in-event`: an event that changes its
 * load is on. `reporting`: its newest report is fresh. `registered`: it is there, and nobody asks it for reports.
 * Of several the first counts.
 */
export const VenState = z.enum(['silent', 'in-event', 'reporting', 'registered']);
export const Position = z.object({ longitude: z.number(), latitude: z.number() });

export const VenSummary = z.object({
  id: text,
  name: text,
  position: Position.nullable().describe('its LOCATION, else the mean of its resources’'),
  resources: count,
  maxPowerW: watts.describe('the most that it may draw, MAX_POWER_CONSUMPTION'),
  state: VenState,
  lastReportAt: maybeTime.describe('when its newest report came'),
  loadW: watts.describe('as it last reported it; null when that is too long ago'),
  baselineW: watts.describe('of the same time; null where it is not reported'),
  loadAt: maybeTime.describe('end of the interval that loadW is of'),
  requestedW: watts.describe('by how much the events that are on want the load to be below the baseline'),
  deliveredW: watts.describe('how far it is below; null outside events and where load or baseline is not known'),
  events: z.array(text).describe('ids of the events that change its load now'),
});

export const FleetTotals = z.object({
  vens: count,
  resources: count,
  byState: z.record(VenState, count),
  maxPowerW: watts,
  loadW: watts.describe('sum over the VENs whose load is known'),
  loadVens: count.describe('how many these are'),
  baselineW: watts.describe('sum over those whose load is known, which stands for the baseline of those that report none'),
  requestedW: watts,
  deliveredW: watts,
  activeEvents: count.describe('events that change load and are on'),
  reports: count.nullable().describe('reports received since the server started looking; null at an agent, which sends them'),
});

/** A value each step, the oldest first; null where nothing is known. All lists are of the same length. */
export const Series = z.object({
  startAt: time.describe('of the first value’s step'),
  stepMs: z.number(),
  loadW: z.array(watts),
  baselineW: z.array(watts),
});

// --- events ---------------------------------------------------------------------------------------------------------

/** `cancelled`: ended before its time by an operator. */
export const EventState = z.enum(['pending', 'active', 'completed', 'cancelled']);

/** What an event asks for at one time. */
export const EventPeriod = z.object({
  startAt: time,
  endAt: maybeTime.describe('null: it has no end'),
  label: text.describe('for people: `shed 20 %`, `limit 1 MW`'),
});

export const EventSummary = z.object({
  id: text,
  name: text.nullable(),
  program: text.describe('name of its program'),
  priority: z.number().nullable().describe('0 is highest, null lowest'),
  state: EventState,
  changesLoad: z.boolean().describe('false: it only asks for reports, or tells something'),
  label: text.describe('what it asks for now, or first'),
  startAt: maybeTime.describe('null: each VEN begins when it sees it'),
  endAt: maybeTime.describe('null: it has no end'),
  /** Intervals that follow each other and say the same are one period. At most 500 of them. */
  periods: z.array(EventPeriod),
  targets: z.array(text).describe('empty: it is for all'),
  vens: count.describe('how many VENs it is for'),
  requestedW: watts.describe('now; null when it is not on'),
  deliveredW: watts,
  createdAt: maybeTime,
  modifiedAt: maybeTime,
});
export const EventList = z.object({
  /** On and coming ones first, then the newest. At most 500. */
  events: z.array(EventSummary),
  problems: z.array(z.object({ id: text, mistakes: z.array(text) })).describe('events that cannot be understood'),
});

/** Means over the intervals that load and baseline are known of. */
export const Performance = z.object({
  requestedW: watts,
  deliveredW: watts,
  requestedWh: wattHours,
  deliveredWh: wattHours,
  known: count.describe('intervals that load and baseline are known of'),
  expected: count.describe('intervals that are over'),
  missing: count,
});

/**
 * An event in the words of `vtn-mock:event`: see its --help and docs/vtn-mock.md. All are text as a person types it, so that
 * page and command line mean the same. Exactly one of shed, level, setpoint and delta can hold at a time.
 */
export const EventForm = z.strictObject({
  program: text.max(128).optional().describe('name of its program, made when missing'),
  name: text.max(128).optional(),
  shed: text.max(20).optional().describe('`20%` less than without the event'),
  level: text.max(2).optional().describe('0 normal, 1 moderate, 2 high, 3 emergency'),
  setpoint: text.max(30).optional().describe('each VEN draws so much in all: `500kW`'),
  delta: text.max(30).optional().describe('each VEN draws so much more, or less: `-200kW`'),
  limit: text.max(30).optional().describe('no VEN draws more: `1MW`'),
  price: text.max(4096).optional().describe('of a kWh in each interval: `0.1,0.3`'),
  currency: text.max(3).optional().describe('ISO 4217'),
  alert: text.max(512).optional().describe('`flex`, or with what people shall read, `flex:Please save power`'),
  for: text.max(30).optional().describe('how long it lasts: `30m`'),
  at: text.max(40).optional().describe('`now`, `+2m`, or a time with its zone'),
  interval: text.max(30).optional().describe('length of an interval: `5m`'),
  randomize: text.max(30).optional().describe('each VEN begins by chance up to so much earlier or later'),
  priority: text.max(10).optional(),
  ven: z.array(text.max(128)).max(1000).optional().describe('names of the VENs that it is for; none: all'),
  target: z.array(text.max(128)).max(100).optional(),
});

export const EventDetail = EventSummary.extend({
  form: EventForm.describe('what a form to change it begins with'),
  total: Performance,
  performance: z.array(Performance.extend({ ven: text })).describe('the most delivered first'),
});

export const FormChoices = z.object({
  programs: z.array(text),
  alerts: z.array(text),
  targets: z.array(text).describe('targets that VENs or resources have'),
});

// --- VENs and resources ---------------------------------------------------------------------------------------------

export const ResourceSummary = z.object({
  id: text,
  name: text.describe('its resourceName'),
  description: text.nullable().describe('for people'),
  type: text.nullable(),
  subType: text.nullable(),
  /** `limited`: it holds a limit. Only the agent knows; a VTN says `reporting` or `silent`, or null where it is not asked. */
  state: z.enum(['reporting', 'silent', 'limited', 'problem']).nullable(),
  powerW: watts.describe('as last reported'),
  lastReportAt: maybeTime.describe('end of the interval that powerW is of'),
});
export const VenDetail = VenSummary.extend({
  targets: z.array(text),
  /** All of them: hundreds for a large VEN. */
  resourceList: z.array(ResourceSummary),
});
export const ResourceDetail = ResourceSummary.extend({
  venId: text,
  ven: text,
  position: Position.nullable(),
  maxPowerW: watts,
  address: text.nullable(),
  meterPointId: text.nullable(),
  attributes: z
    .array(z.object({ type: text, text }))
    .describe('what else is known: all of the VTN’s attributes, or how the agent reaches it'),
  series: Series,
  /** Why it does what it does, a line each; only the agent knows. */
  explanation: z.array(text),
  problems: z.array(text).describe('what is wrong with its meter or its controller; only the agent knows'),
});

// --- reports --------------------------------------------------------------------------------------------------------

export const Quality = z.enum(['OK', 'ESTIMATED', 'BAD', 'MISSING']);
export const ReportSummary = z.object({
  id: text,
  createdAt: maybeTime.describe('when it came; at the agent when its state last changed'),
  dueAt: maybeTime.describe('when it is to be sent; only the agent knows'),
  ven: text.describe('as the report names its client'),
  eventId: text,
  event: text.nullable().describe('name of the event'),
  payloadTypes: z.array(text),
  resources: count.nullable().describe('null at the agent'),
  intervals: count,
  startAt: maybeTime,
  endAt: maybeTime,
  quality: Quality.nullable().describe('the worst of its values; null at the agent'),
  state: z.enum(['received', 'waiting', 'failed']).describe('of one to be sent, at the agent; a VTN has received all'),
  reason: text.nullable().describe('why it failed or still waits'),
});
export const ReportQuery = z.strictObject({
  ven: text.optional().describe('name'),
  event: text.optional().describe('id'),
  before: text.max(64).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export const ReportPage = z.object({ reports: z.array(ReportSummary), next: text.nullable() });

export const AuditQuery = z.strictObject({
  minutes: z.coerce.number().int().min(1).max(240).default(15).describe('reports due within so long'),
  event: text.optional().describe('id'),
  ven: text.optional().describe('name'),
  faulty: z.stringbool().default(false).describe('only rows with reports missing or doubled'),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});
export const AuditRow = z.object({
  eventId: text,
  event: text.nullable(),
  ven: text,
  payloadType: text,
  resources: count.nullable().describe('null at the agent'),
  expected: count.describe('values, one for each interval and resource; at the agent reports'),
  received: count,
  missing: count,
  doubled: count.nullable().describe('null at the agent, which knows of their sum'),
});
export const Audit = z.object({
  checkedAt: time,
  sinceAt: maybeTime.describe('null: all that is remembered'),
  expected: count,
  received: count,
  missing: count,
  doubled: count,
  /** The faulty ones first. */
  rows: z.array(AuditRow),
  total: count.describe('rows there are'),
});

// --- faults ---------------------------------------------------------------------------------------------------------

export const Fault = z.object({
  id: z.int(),
  spec: z.looseObject({ kind: text }),
  since: text,
  until: text.nullable(),
  devices: count,
});
export const Faults = z.object({
  url: text.describe('where the simulator is'),
  kinds: z.array(text),
  faults: z.array(Fault),
});
/** As `device-sim:fault add`; the simulator checks it. */
export const FaultForm = z.looseObject({ kind: text });

// --- alarms ---------------------------------------------------------------------------------------------------------

/** What an agent tells its operator of itself: see its `/alerts`. */
export const Alarm = z.object({
  name: text,
  severity: z.enum(['critical', 'warning']),
  sinceAt: time,
  summary: text,
  detail: text.describe('about whom or what it is'),
  action: text.describe('the first thing to do'),
  runbook: text.describe('where more is told'),
});
export const Alarms = z.object({ alarms: z.array(Alarm).describe('those that fire, the critical ones first') });

// --- updates --------------------------------------------------------------------------------------------------------

export const Overview = z.object({
  serverAt: time,
  totals: FleetTotals,
  vens: z.array(VenSummary),
  /** Of the events those that are on, coming, or were over within the hours that series tell of. */
  events: z.array(EventSummary),
});

/** One more value of the fleet's series: append it where startAt is newer than the last one's, else it replaces that one. */
export const FleetPoint = z.object({ startAt: time, loadW: watts, baselineW: watts });

/** What has changed since the last message: whole objects, to be put in the place of those with the same id. */
export const Delta = z.object({
  serverAt: time,
  totals: FleetTotals,
  vens: z.array(VenSummary),
  goneVens: z.array(text),
  events: z.array(EventSummary),
  goneEvents: z.array(text),
  points: z.array(FleetPoint),
});

export const Heartbeat = z.object({ serverAt: time });

/**
 * The names and data of the stream's messages. The first is always a snapshot; another may come at any time, when this reader
 * was too slow for the changes. Nothing comes more often than once a second. Without a change there is a heartbeat each
 * ten seconds: after thirty seconds of silence take the connection for lost and ask again; `Last-Event-ID` is not
 * needed, as each connection begins with a snapshot. The stream ends when its token does.
 */
export const StreamEvents = { snapshot: Overview, delta: Delta, heartbeat: Heartbeat } as const;

// --- refusals -------------------------------------------------------------------------------------------------------

/** RFC 7807, and where it is of a form, what is wrong in which field. */
export const Problem = z.object({
  type: text,
  title: text,
  status: z.int(),
  detail: text,
  instance: text,
  fields: z.record(text, text).optional().describe('name of a field → what is wrong with it'),
});
