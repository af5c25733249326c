/** OpenADR 3.0.1: what clients write (…Request), what the VTN keeps, what lists are filtered by (…Query). */
export * from './event.js';
export * from './notification.js';
export {
  EventPayloadDescriptor,
  Interval,
  IntervalPeriod,
  ReportDescriptor,
  ReportPayloadDescriptor,
} from './parts.js';
export * from './program.js';
export * from './queries.js';
export * from './report.js';
export * from './subscription.js';
export * from './ven.js';
