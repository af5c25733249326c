export { createVtnClient, type VtnClient, type VtnClientOptions } from './client/client.js';
export { type DetectedVtn, type DetectOptions, detectVtn } from './client/detect.js';
export type * from './client/domain.js';
export {
  isAmbiguous,
  isConflict,
  isDenied,
  isNotFound,
  isTransient,
  retryAfterOf,
  VtnError,
  type VtnErrorCode,
} from './client/errors.js';
export { AdaptiveLimiter, type LimiterOptions } from './client/limiter.js';
export type { CallOptions, ListOptions } from './client/session.js';
export { anonymous, type ClientCredentials, clientCredentialsTokens, type TokenSource } from './client/tokens.js';
export {
  createHttpTransport,
  type HttpRequest,
  type HttpResponse,
  type HttpTransport,
  type TransportOptions,
} from './client/transport.js';
export * from './credentials.js';
export { ALERTS, SHEDDING_ALERTS } from './domain/alerts.js';
export { formatDateTime, NOW_TEXT, parseDateTime } from './domain/date-time.js';
export { type DecodedEvent, decodeEvent, type EventProblem } from './domain/decode-event.js';
export { formatDuration, parseDuration } from './domain/duration.js';
export type { NewEvent, NewInterval } from './domain/encode-event.js';
export { type EventTimes, type GridEvent, type GridInterval, type Length, type Shifts, timelineOf } from './domain/event.js';
export { decodeNotification, type Notification, type Operation } from './domain/notification.js';
export {
  AGGREGATED_REPORT,
  decodeReport,
  type GridReport,
  type ReceivedReportInterval,
  type ReportDraft,
  type ReportInterval,
  type ReportValueDescriptor,
} from './domain/report.js';
export * from './domain/report-plan.js';
export type * from './domain/report-request.js';
export { type Targeted, targetedResources } from './domain/scope.js';
export * from './domain/timeline.js';
export { chooseVtn, type DiscoverOptions, discoverVtns, type Wanted } from './mdns/discover.js';
export { type Announcement, announceVtns, type MdnsPlace } from './mdns/network.js';
export type { AnnouncedVtn, FoundService, FoundVtn } from './mdns/service.js';
export {
  AuthError,
  Problem,
  type Role,
  SCOPES,
  TokenRequest,
  TokenResponse,
} from './wire/auth.js';
export { OBJECT_TYPES, type ObjectType, Point, type Value, ValuesMap, WIRE_VERSIONS, type WireVersion } from './wire/common.js';
export * as wire301 from './wire/v301/index.js';
export * as wire310 from './wire/v310/index.js';
export * from './wire/validator.js';
