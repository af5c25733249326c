import { createPrivateKey, X509Certificate } from 'node:crypto';
import { VenfleetError } from '../errors.js';
import type { Duration } from '../units.js';

/** Certificate (with those between it and its authority) and private key, PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/**
 * What a server needs for TLS: 1.2 at least (OpenADR 3 Definition, transport security).
 * @throws VenfleetError TLS_INVALID where one of the two is not what it should be, or they do not belong together.
 */
export function tlsOptions({ cert, key }: TlsIdentity, handshakeTimeout: Duration) {
  const certificate = orRefuse('the TLS certificate is no PEM certificate', () => new X509Certificate(cert));
  const privateKey = orRefuse('the TLS key is no PEM private key without a passphrase', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) throw invalid('the TLS key is not that of the certificate');
  return { cert, key, minVersion: 'TLSv1.2', handshakeTimeout } as const;
}

function orRefuse<T>(message: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw invalid(message, cause);
  }
}

function invalid(message: string, cause?: unknown): VenfleetError {
  return new VenfleetError('TLS_INVALID', message, { cause, hint: 'give the two PEM files of one identity' });
}
