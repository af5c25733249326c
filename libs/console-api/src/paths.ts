/**
 * Where a console is: the page at its root, and what it asks below `api`. The same in every server, so that the page needs
 * to know nothing of who serves it.
 */
export const CONSOLE_PATH = '/console/';
export const API_PATH = '/console/api';

/**
 * What is there. All but the first two want `Authorization: Bearer TOKEN`, and answer 401 without. A refusal (400 and above)
 * has the body {@link Problem}.
 */
export const PATHS = {
  /** GET, without a token: LoginWays. */
  login: `${API_PATH}/login`,
  /** POST, without a token: LoginCode → TokenAnswer. Only where LoginWays has `code`. */
  code: `${API_PATH}/code`,
  /** GET: Session. */
  session: `${API_PATH}/session`,
  /** GET: Overview. */
  overview: `${API_PATH}/overview`,
  /** GET, `text/event-stream`: see StreamEvents. Read it with fetch: an EventSource cannot send the token. */
  stream: `${API_PATH}/stream`,
  /** GET: Series of all VENs together. */
  fleetSeries: `${API_PATH}/series`,
  /** GET: VenDetail. */
  ven: (venId: string) => `${API_PATH}/vens/${encodeURIComponent(venId)}`,
  /** GET: Series of one VEN. */
  venSeries: (venId: string) => `${API_PATH}/vens/${encodeURIComponent(venId)}/series`,
  /** GET: ResourceDetail. */
  resource: (resourceId: string) => `${API_PATH}/resources/${encodeURIComponent(resourceId)}`,
  /** GET: EventList. POST: EventForm → EventSummary (201); with `?dryRun=true` it is only checked (200). */
  events: `${API_PATH}/events`,
  /** GET: FormChoices. */
  formChoices: `${API_PATH}/event-choices`,
  /** GET: EventDetail. PATCH: EventForm, of which what is absent stays → EventSummary; `?dryRun=true` likewise. */
  event: (eventId: string) => `${API_PATH}/events/${encodeURIComponent(eventId)}`,
  /** POST, no body: ends the event now; it and its reports stay → EventSummary. */
  cancel: (eventId: string) => `${API_PATH}/events/${encodeURIComponent(eventId)}/cancel`,
  /** GET, query ReportQuery: ReportPage, the newest first. */
  reports: `${API_PATH}/reports`,
  /** GET, query AuditQuery: Audit. */
  audit: `${API_PATH}/audit`,
  /** GET: Faults. POST: a fault as the simulator takes it → Fault (201). DELETE: clears all → { cleared }. */
  faults: `${API_PATH}/faults`,
  /** DELETE: clears one → Fault. */
  fault: (faultId: number) => `${API_PATH}/faults/${faultId}`,
  /** GET: Alarms. */
  alarms: `${API_PATH}/alarms`,
} as const;
