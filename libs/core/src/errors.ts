/** Structured facts that say where an error comes from: file, line, field, url, status, … */
export type ErrorContext = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface ErrorOptions {
  /** Where and with what values. Never a secret. */
  readonly context?: ErrorContext;
  /** What the reader should do now, as one sentence. */
  readonly hint?: string;
  /** Further findings of the same kind, one line each (all mistakes of a file at once). */
  readonly details?: readonly string[];
  readonly cause?: unknown;
}

/**
 * The base of every error that venfleet raises on purpose. Machines decide by `code` (stable,
 * upper case), people read `message` and `hint`. Anything else that is thrown is a bug.
 */
export class VenfleetError extends Error {
  override readonly name: string = 'VenfleetError';
  readonly code: string;
  readonly context: ErrorContext;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
    this.hint = options.hint;
    this.details = options.details ?? [];
  }
}

/** True for a VenfleetError, and with codes given only for one of these. */
export function isVenfleetError(error: unknown, ...codes: string[]): error is VenfleetError {
  return error instanceof VenfleetError && (codes.length === 0 || codes.includes(error.code));
}

/** What errors have in common by shape: one that crossed a realm (a worker, a vm context) is no `instanceof Error` here. */
interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
  readonly errors?: unknown;
}

function isErrorLike(value: unknown): value is ErrorLike {
  return typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string';
}

/** The system code (`ENOENT`, `ECONNREFUSED`, …) of an error or of the nearest cause that has one. */
export function systemCode(error: unknown): string | undefined {
  for (let e: unknown = error, depth = 0; isErrorLike(e) && depth < 8; e = e.cause, depth++) {
    const ours: boolean = e instanceof VenfleetError;
    if (typeof e.code === 'string' && !ours) return e.code;
    // Happy Eyeballs wraps one error an address into an AggregateError whose message is empty.
    if (Array.isArray(e.errors)) {
      const inner = e.errors.map(systemCode).find((c) => c !== undefined);
      if (inner !== undefined) return inner;
    }
  }
  return undefined;
}

/** True for what an aborted AbortSignal makes of a call, be it the signal's own reason or Node's AbortError around it. */
export function isAbort(error: unknown): boolean {
  return isErrorLike(error) && error.name === 'AbortError';
}

/** One line that says what happened, whatever was thrown. */
export function describeError(error: unknown): string {
  if (!isErrorLike(error)) return String(error);
  if (error.message === '' && Array.isArray(error.errors)) return error.errors.map(describeError).join('; ');
  return (error.message || error.name).split('\n', 1)[0] as string;
}
