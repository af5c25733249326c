import type { Instant, VenfleetError } from '@venfleet/core';
import type { ControlProblem } from './model.js';

/** Modbus Application Protocol 1.1b3 §7: the gateway says that it cannot reach the device. */
const GATEWAY_EXCEPTIONS = [10, 11];
/** What says that nobody is there, or that nobody can be reached. */
const SILENT = [
  'METER_TIMEOUT',
  'METER_RESTING',
  'METER_OFFLINE',
  'METER_GARBLED',
  'GATEWAY_LOST',
  'GATEWAY_UNREACHABLE',
  'BROKER_UNREACHABLE',
  'BROKER_REFUSED',
  'CONTROLLER_SILENT',
];

/** What a failed call says of a controller. */
export function problemOf(error: VenfleetError, since: Instant): ControlProblem {
  const { code, message, context } = error;
  if (code === 'METER_REFUSED' && !GATEWAY_EXCEPTIONS.includes(Number(context.exception))) {
    return { code: 'CONTROLLER_REFUSES', message, since };
  }
  return { code: code === 'METER_REFUSED' || SILENT.includes(code) ? 'CONTROLLER_SILENT' : code, message, since };
}
