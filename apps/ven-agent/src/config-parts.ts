import { SECRET_REF_PATTERN } from '@venfleet/core/node';
import { z } from 'zod';

/** A reference to a secret, in a settings file. */
export const secretRef = z
  .string()
  .regex(SECRET_REF_PATTERN, 'must be a reference to the secret, env:NAME or file:PATH, never the secret itself');

/** A URL that may stand in a settings file, where a login must not. @param protocol such as /^https?$/ */
export const urlWithoutLogin = (protocol: RegExp) =>
  z.url({ protocol }).refine((text) => !/^\w+:\/\/[^/]*@/.test(text), 'must hold no user or password');

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether a URL leads to this machine. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.has(new URL(url).hostname);
}
