import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Problem } from '../types.js';

/** A refusal that was meant; anything else that is thrown is a fault of ours. */
export class ConsoleProblem extends Error {
  override readonly name = 'ConsoleProblem';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Name of a form's field → what is wrong with it. */
  readonly fields: Readonly<Record<string, string>> | undefined;

  constructor(
    status: number,
    detail: string,
    options: { headers?: Readonly<Record<string, string>>; fields?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
    this.status = status;
    this.headers = options.headers ?? {};
    this.fields = options.fields;
  }
}

export const notFound = (what: string, id: string): ConsoleProblem => new ConsoleProblem(404, `there is no ${what} ${id}`);

/** What every answer below the API has: nobody keeps it, and nobody takes it for anything else. */
export const API_HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = Buffer.from(JSON.stringify(value));
  response.writeHead(status, {
    ...API_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    ...headers,
  });
  response.end(body);
}

export function sendProblem(response: ServerResponse, { status, message, fields, headers }: ConsoleProblem): void {
  const body: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: message,
    instance: `urn:uuid:${randomUUID()}`,
    ...(fields === undefined ? {} : { fields: { ...fields } }),
  };
  sendJson(response, status, body, headers);
}
