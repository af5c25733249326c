import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';

/** The body of every answer of 400 and above: RFC 7807, as OpenADR has it. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
}

export type Headers = Readonly<Record<string, string>>;

/** An answer of 400 and above that was meant; anything else that is thrown is a fault of ours. */
export class Problem extends Error {
  override readonly name = 'Problem';
  /** The name is Fastify's. */
  readonly statusCode: number;
  readonly headers: Headers;
  /** Members besides those of RFC 7807, such as OAuth2's `error`. */
  readonly extra: Readonly<Record<string, string>>;

  /** @param detail what is wrong and where, for people: `venName: must NOT have fewer than 1 characters`. */
  constructor(status: number, detail: string, options: { headers?: Headers; extra?: Record<string, string> } = {}) {
    // Refusals are ordinary here and many: no stack trace is taken for them.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.statusCode = status;
    this.headers = options.headers ?? {};
    this.extra = options.extra ?? {};
  }
}

/** @returns the body; its `instance` is a fresh URN by which the occurrence is found in the log. */
export function problemBody(status: number, detail: string): ProblemBody {
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    instance: `urn:uuid:${randomUUID()}`,
  };
}

export function notFound(kind: string, id: string): Problem {
  return new Problem(404, `there is no ${kind} ${id}`);
}
