import { type Duration, describeError, type ErrorOptions, systemCode, VenfleetError } from '@venfleet/core';
import { errors } from './undici.js';

/**
 * VTN_UNREACHABLE: no connection, or it broke. VTN_TIMEOUT: no answer in time. VTN_TLS: the certificate or the
 * handshake. VTN_PROBLEM: an answer of 400 and above, or a redirect. VTN_UNAUTHORIZED and VTN_FORBIDDEN: 401 and 403
 * that a new token did not mend. VTN_AUTH: the token endpoint refuses. VTN_PROTOCOL: the answer is not what OpenADR
 * says. NOT_OPENADR: there is no VTN at this URL. VTN_NOT_FOUND: none announces itself, or too many do.
 * TRANSPORT_CLOSED: used after close().
 */
export type VtnErrorCode =
  | 'VTN_UNREACHABLE'
  | 'VTN_TIMEOUT'
  | 'VTN_TLS'
  | 'VTN_PROBLEM'
  | 'VTN_UNAUTHORIZED'
  | 'VTN_FORBIDDEN'
  | 'VTN_AUTH'
  | 'VTN_PROTOCOL'
  | 'NOT_OPENADR'
  | 'VTN_NOT_FOUND'
  | 'TRANSPORT_CLOSED';

export interface VtnErrorOptions extends ErrorOptions {
  /** HTTP status, where there was an answer. */
  readonly status?: number | undefined;
  /** How long the VTN asks to wait. */
  readonly retryAfter?: Duration | undefined;
  /** The request may have been carried out, and a repetition would do it twice: look before repeating. */
  readonly ambiguous?: boolean | undefined;
}

/** What went wrong with a VTN. Messages name the method and path, never a query, token or secret. */
export class VtnError extends VenfleetError {
  override readonly name = 'VtnError';
  declare readonly code: VtnErrorCode;
  readonly status: number | undefined;
  readonly retryAfter: Duration | undefined;
  readonly ambiguous: boolean;

  constructor(code: VtnErrorCode, message: string, options: VtnErrorOptions = {}) {
    const { status, retryAfter, ambiguous = false, context, ...rest } = options;
    super(code, message, { ...rest, context: status === undefined ? { ...context } : { status, ...context } });
    this.status = status;
    this.retryAfter = retryAfter;
    this.ambiguous = ambiguous;
  }
}

/** An answer to the request itself: a token endpoint's 404 says nothing about the object. */
function isProblem(error: unknown, status: number): boolean {
  return error instanceof VtnError && error.code === 'VTN_PROBLEM' && error.status === status;
}

/** A name is taken, or something still refers to the object (409). */
export const isConflict = (error: unknown): boolean => isProblem(error, 409);

/** The VTN does not allow it, a new token notwithstanding (401 or 403). */
export const isDenied = (error: unknown): boolean =>
  error instanceof VtnError && (error.code === 'VTN_UNAUTHORIZED' || error.code === 'VTN_FORBIDDEN');

/** The answer was longer than the transport takes: asking for less may help. */
export const isTooLong = (error: unknown): boolean =>
  error instanceof VtnError && error.code === 'VTN_PROTOCOL' && error.context.maxBodyBytes !== undefined;

/** There is no such object (404). */
export const isNotFound = (error: unknown): boolean => isProblem(error, 404);

/** The request may have been carried out all the same. */
export const isAmbiguous = (error: unknown): boolean => error instanceof VtnError && error.ambiguous;

/** How long the VTN asks to wait before the next try. */
export const retryAfterOf = (error: unknown): Duration | undefined => (error instanceof VtnError ? error.retryAfter : undefined);

/** Answers that are worth another try later: too many requests, and faults of the server that may pass. */
const PASSING: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Whether the same request may succeed later without anybody mending anything. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof VtnError)) return false;
  if (error.code === 'VTN_UNREACHABLE' || error.code === 'VTN_TIMEOUT') return true;
  return error.status !== undefined && PASSING.has(error.status);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be looked up at the moment',
  EHOSTUNREACH: 'there is no route to the host',
  ENETUNREACH: 'there is no route to the network',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_SOCKET: 'the other side closed the connection',
};

const CERTIFICATE_HINT = 'give the certificate of the authority that signed it, or have the VTN’s certificate renewed';

const TLS_REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: ['its certificate is self-signed', CERTIFICATE_HINT],
  SELF_SIGNED_CERT_IN_CHAIN: ['a certificate in its chain is self-signed', CERTIFICATE_HINT],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['its certificate cannot be verified', CERTIFICATE_HINT],
  UNABLE_TO_GET_ISSUER_CERT: ['the issuer of its certificate is unknown', CERTIFICATE_HINT],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['the issuer of its certificate is unknown', CERTIFICATE_HINT],
  CERT_HAS_EXPIRED: ['its certificate has expired', CERTIFICATE_HINT],
  CERT_NOT_YET_VALID: ['its certificate is not valid yet', 'check this machine’s clock'],
  ERR_TLS_CERT_ALTNAME_INVALID: ['its certificate is for another name', 'use the host name that the certificate is for'],
  EPROTO: ['it does not speak TLS here', 'if it speaks plain HTTP, use an http:// URL'],
};

/** What a request was, for messages: no query, no headers, no body. */
export interface RequestLabel {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
}

/** Makes a typed error of whatever the socket or the HTTP parser raised. @param ambiguous see {@link VtnErrorOptions}. */
export function connectionError(cause: unknown, { method, origin, path }: RequestLabel, ambiguous: boolean): VtnError {
  const code = systemCode(cause) ?? '';
  const options = { cause, ambiguous, context: { url: origin + path, method, systemCode: code } };
  const tls = TLS_REASONS[code] ?? (/^(ERR_SSL_|ERR_TLS_|CERT_)/.test(code) ? TLS_REASONS.EPROTO : undefined);
  if (tls !== undefined) {
    return new VtnError('VTN_TLS', `no secure connection to ${origin}: ${tls[0]} (${code})`, { ...options, hint: tls[1] });
  }
  if (cause instanceof errors.HTTPParserError) {
    return new VtnError('VTN_PROTOCOL', `${method} ${path}: ${origin} does not answer in HTTP`, {
      ...options,
      hint: 'check the URL: host, port, and https against http',
    });
  }
  return new VtnError(
    'VTN_UNREACHABLE',
    `${method} ${path}: ${origin} cannot be reached: ${REASONS[code] ?? describeError(cause)}`,
    {
      ...options,
      hint: 'check that the VTN runs and that its URL is right',
    },
  );
}
