import { STATUS_CODES } from 'node:http';
import { VtnError, type VtnErrorCode } from './errors.js';
import type { HttpResponse } from './transport.js';

/** Longest text of a VTN that is repeated in a message. */
const LONGEST = 300;

/** What a body says in words, for messages: of a problem its title and detail, of other texts the beginning. */
export function describeBody(body: string): string {
  const problem = parseJson(body);
  if (typeof problem === 'object' && problem !== null && !Array.isArray(problem)) {
    const { title, detail, error, error_description: description } = problem as Record<string, unknown>;
    const told = [title, detail, error, description].filter(
      (text): text is string => typeof text === 'string' && text.trim() !== '',
    );
    if (told.length > 0) return clip([...new Set(told)].join(': '));
  }
  const html = isHtml(body) ? /<title[^>]*>([^<]*)/i.exec(body) : undefined;
  if (html !== undefined) return html === null ? 'an HTML page' : `an HTML page "${clip(html[1] ?? '')}"`;
  return clip(body);
}

export function isHtml(body: string): boolean {
  return /^\s*<(!doctype|html|head|body)/i.test(body);
}

export function isSuccess({ status }: Pick<HttpResponse, 'status'>): boolean {
  return status >= 200 && status < 300;
}

/** The value of a JSON text, or undefined where it is none. */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** One line of bounded length without control characters. */
function clip(text: string): string {
  const line = text
    .slice(0, 4 * LONGEST)
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** What was asked, as messages and errors need it. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly url: string;
  readonly repeatable: boolean;
}

const CODES: Readonly<Record<number, VtnErrorCode>> = { 401: 'VTN_UNAUTHORIZED', 403: 'VTN_FORBIDDEN' };

const HINTS: Readonly<Record<number, string>> = {
  401: 'the VTN wants a token that it accepts: check client id, secret and the VTN’s clock',
  403: 'this client lacks a scope or role for it: have the VTN’s operator grant it, or use a business-logic client',
};

/** Server faults after which a request has certainly not been carried out. */
const NOT_EXECUTED: ReadonlySet<number> = new Set([501, 503, 505]);

/** Makes a typed error of an answer outside 200–299. */
export function problemError(asked: Asked, response: HttpResponse): VtnError {
  const { status, body, headers } = response;
  const said = describeBody(body);
  const name = STATUS_CODES[status] ?? 'unknown status';
  const told = said === '' || said === name ? name : said.startsWith(`${name}:`) ? said : `${name}: ${said}`;
  const location =
    status >= 300 && status < 400 && typeof headers.location === 'string' ? withoutQuery(headers.location) : undefined;
  const hint =
    location === undefined ? HINTS[status] : `redirects are not followed: if ${location} is the VTN’s right URL, use that`;
  return new VtnError(CODES[status] ?? 'VTN_PROBLEM', `${asked.method} ${pathOf(asked.url)}: ${status} ${told}`, {
    status,
    retryAfter: response.retryAfter,
    ambiguous: status >= 500 && !asked.repeatable && !NOT_EXECUTED.has(status),
    context: { url: asked.url, method: asked.method },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** An answer of success that is not what OpenADR says. @param mistakes `path: reason`, at least one. */
export function protocolError(asked: Asked, response: HttpResponse, mistakes: readonly string[]): VtnError {
  const message = `${asked.method} ${pathOf(asked.url)}: the answer is not what OpenADR says: ${mistakes[0]}`;
  return new VtnError('VTN_PROTOCOL', message, {
    status: response.status,
    details: mistakes,
    // Whatever was answered, the VTN has probably done it.
    ambiguous: !asked.repeatable,
    context: { url: asked.url, method: asked.method },
  });
}

export function withoutQuery(url: string): string {
  return url.split(/[?#]/, 1)[0] as string;
}

function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]*/, '');
}
