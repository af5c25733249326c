import { type Logger as Pino, pino, type StreamEntry } from 'pino';
import type { LogFields, Logger, LogLevel } from '../ports.js';
import type { TextSink } from './journal.js';

/** Keys whose values never reach a log, at the top level or up to two below. */
const SECRET_KEYS = [
  'authorization',
  'Authorization',
  'password',
  'secret',
  'token',
  'access_token',
  'accessToken',
  'refresh_token',
  'refreshToken',
  'client_secret',
  'clientSecret',
  'bearerToken',
  'cookie',
];

export interface PinoLoggerOptions {
  readonly level?: LogLevel | 'silent';
  /** Where lines go; standard error by default, so that standard output stays for results. */
  readonly stream?: TextSink;
}

/** Structured JSON lines by pino, with secrets redacted at the sink. */
export function createPinoLogger(options: PinoLoggerOptions = {}): Logger {
  const redact = {
    paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]),
    censor: '[redacted]',
  };
  const stream = (options.stream ?? pino.destination({ fd: 2, sync: true })) as StreamEntry['stream'];
  return wrap(pino({ level: options.level ?? 'info', base: null, timestamp: pino.stdTimeFunctions.isoTime, redact }, stream));
}

/** @param bound the fields of this logger: pino's own children would write a field that both have twice. */
function wrap(root: Pino, bound: LogFields = {}): Logger {
  const log = root.child(bound);
  return {
    debug: (fields: LogFields, message: string) => log.debug(fields, message),
    info: (fields: LogFields, message: string) => log.info(fields, message),
    warn: (fields: LogFields, message: string) => log.warn(fields, message),
    error: (fields: LogFields, message: string) => log.error(fields, message),
    child: (fields: LogFields) => wrap(root, { ...bound, ...fields }),
    isEnabled: (level: LogLevel) => log.isLevelEnabled(level),
  };
}
