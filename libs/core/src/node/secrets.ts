import { VenfleetError } from '../errors.js';
import { readTextFile } from './files.js';

/** A reference to a secret, never the secret: `env:NAME` or `file:PATH`. */
export type SecretRef = string;

export const SECRET_REF_PATTERN = /^(env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$/;

/**
 * The secret that `ref` points to; surrounding white space of a file is cut off.
 * @throws VenfleetError SECRET_REF_INVALID, SECRET_MISSING or FILE_UNREADABLE; the secret is never part of it.
 */
export function resolveSecret(ref: SecretRef, env: NodeJS.ProcessEnv = process.env): string {
  if (!SECRET_REF_PATTERN.test(ref)) {
    throw new VenfleetError('SECRET_REF_INVALID', 'a secret must be given as env:NAME or file:PATH, not as a value', {
      hint: 'put the secret into an environment variable or a file of mode 0600 and refer to that',
    });
  }
  const [kind, rest] = [ref.slice(0, ref.indexOf(':')), ref.slice(ref.indexOf(':') + 1)];
  const value = kind === 'env' ? env[rest] : readTextFile(rest, 'the secret file').trim();
  if (value === undefined || value === '') {
    throw new VenfleetError('SECRET_MISSING', `the secret ${ref} is ${value === undefined ? 'not set' : 'empty'}`, {
      context: { ref },
      hint: kind === 'env' ? `set the environment variable ${rest}` : `write the secret into ${rest}`,
    });
  }
  return value;
}
