import { describeError, isVenfleetError, type VenfleetError } from '@venfleet/core';

/** What is looked at, in this order. */
export const SUBJECTS = [
  'VTN URL',
  'TLS',
  'clock',
  'version',
  'credentials',
  'business logic',
  'token',
  'rights',
  'own VEN',
  'resources',
  'gateway',
  'broker',
  'file',
  'meter',
  'controller',
] as const;
export type Subject = (typeof SUBJECTS)[number];

/** What was found at one place. */
export interface Finding {
  readonly subject: Subject;
  /** `warn`: it works, but perhaps not as it is meant. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** The VEN, site or connection that it is about, where there may be several. */
  readonly about?: string | undefined;
  readonly message: string;
  /** What to do about it. */
  readonly cure?: string | undefined;
}

/** A failure by what was thrown. @param cure where the error itself has no hint */
export function failure(subject: Subject, error: unknown, about?: string, cure?: string): Finding {
  if (!isVenfleetError(error)) throw error;
  const details = error.details.length === 0 ? '' : `: ${error.details.join('; ')}`;
  return { subject, status: 'fail', about, message: describeError(error) + details, cure: cureOf(error) ?? cure };
}

/** For errors that have no hint of their own, since where they are thrown nobody is there to read one. */
const CURES: Readonly<Record<string, string>> = {
  METER_TIMEOUT: 'is the device on and wired, and is its unit id right?',
  METER_GARBLED: 'is another client on the same serial line, or a device with the same unit id?',
  METER_OFFLINE: 'is the device on, and in its network?',
  METER_SILENT: 'is the device on, and is the topic of its connection right?',
  METER_STALE: 'is the device on, does it publish, and is the topic of its connection right?',
  METER_FILE_UNREADABLE: 'correct the file, or the path of the connection',
  CONTROLLER_SILENT: 'is the controller on, and is the topic of its connection right?',
  PROFILE_MISMATCH: 'give the connection the profile of the device that is there',
};

function cureOf({ code, hint }: VenfleetError): string | undefined {
  return hint ?? CURES[code];
}
