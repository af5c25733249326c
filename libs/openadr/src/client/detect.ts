import { type Clock, defaultRetryPolicy, type Logger, type Random, type RetryPolicy, retry } from '@venfleet/core';
import type { WireVersion } from '../wire/common.js';
import { isTransient, VtnError } from './errors.js';
import { describeBody, isHtml, parseJson, problemError, withoutQuery } from './problems.js';
import type { HttpResponse, HttpTransport } from './transport.js';

/** Where a VTN is and what it speaks. */
export interface DetectedVtn {
  readonly version: WireVersion;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly tokenUrl: string;
}

export interface DetectOptions {
  readonly transport: HttpTransport;
  /** Taken on trust where given; asked of the VTN otherwise. */
  readonly version?: WireVersion | undefined;
  /**
   * Repeats the questions while the VTN answers that it is overloaded or out of order; by default each is asked once. One
   * that cannot be reached at all is told at once: the URL is more likely wrong than the VTN about to start.
   */
  readonly retries?:
    | { readonly clock: Clock; readonly random: Random; readonly logger: Logger; readonly policy?: RetryPolicy }
    | undefined;
}

/** The base paths that OpenADR's examples use. */
const WELL_KNOWN = ['/openadr3/3.1.0', '/openadr3/3.0.1'];

/**
 * Finds out which version the VTN at a base URL speaks: 3.1 answers GET /auth/server (3.1 Definition, discovery); a
 * 3.0.1 VTN lists its programs, or refuses to without a token, in OpenADR's manner.
 * @throws VtnError NOT_OPENADR with what was seen instead; VTN_UNREACHABLE, VTN_TIMEOUT, VTN_TLS; VTN_PROBLEM while it is out of order.
 */
export async function detectVtn(url: string, options: DetectOptions): Promise<DetectedVtn> {
  const baseUrl = normaliseBaseUrl(url);
  const ask = asker(options);
  if (options.version === '3.0.1') return { version: '3.0.1', baseUrl, tokenUrl: `${baseUrl}/auth/token` };
  const server = await ask(`${baseUrl}/auth/server`);
  const tokenUrl = tokenUrlIn(server, baseUrl);
  if (tokenUrl !== undefined) return { version: '3.1.0', baseUrl, tokenUrl };
  // A 3.1 VTN need not issue tokens itself, but then says where they are issued. Without that, the usual place is tried.
  if (options.version === '3.1.0') return { version: '3.1.0', baseUrl, tokenUrl: `${baseUrl}/auth/token` };
  const programs = await ask(`${baseUrl}/programs?limit=1`);
  if (speaks301(programs)) return { version: '3.0.1', baseUrl, tokenUrl: `${baseUrl}/auth/token` };
  throw notOpenAdr(baseUrl, programs, await wellKnownBelow(baseUrl, ask));
}

type Ask = (url: string) => Promise<HttpResponse>;

/** Asks without a token; answers that may be another one later are errors. */
function asker({ transport, retries }: DetectOptions): Ask {
  const once: Ask = async (url) => {
    const response = await transport.request({ method: 'GET', url, headers: { accept: 'application/json' } });
    // 501 is what a VTN may answer that issues no tokens.
    const { status } = response;
    if (status === 429 || (status >= 500 && status !== 501)) {
      throw problemError({ method: 'GET', url: withoutQuery(url), repeatable: true }, response);
    }
    return response;
  };
  if (retries === undefined) return once;
  const { clock, random, logger, policy = defaultRetryPolicy } = retries;
  let cuts = 0;
  return (url) =>
    retry(
      () => once(url),
      (error) => {
        if (!(error instanceof VtnError) || !isTransient(error)) return { retry: false };
        const isThere = error.status !== undefined || (wasCut(error) && ++cuts <= MOST_CUTS);
        return isThere ? { retry: true, after: error.retryAfter } : { retry: false };
      },
      policy,
      {
        clock,
        random,
        signal: transport.signal,
        onRetry: (attempt, pause, error) =>
          logger.warn({ url: withoutQuery(url), attempt, pauseMs: Math.round(pause), err: error }, 'retrying a request'),
      },
    );
}

/** A server that always cuts the connection is none that speaks HTTP here. */
const MOST_CUTS = 3;

/** Somebody took the connection, and closed it without an answer. */
function wasCut({ context }: VtnError): boolean {
  return context.systemCode === 'UND_ERR_SOCKET' || context.systemCode === 'ECONNRESET';
}

/** @throws VtnError NOT_OPENADR where the text is no URL that a VTN can have. */
function normaliseBaseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hint = 'a VTN URL looks like http://localhost:8000/openadr3/3.1.0';
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // A text with an @ may hold a password.
    throw new VtnError('NOT_OPENADR', `${text.includes('@') ? 'the VTN URL' : `"${text}"`} is not an http or https URL`, {
      hint,
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new VtnError('NOT_OPENADR', `the VTN URL of ${url.host} holds a user name or password`, {
      hint: 'give the client id and secret as credentials, not in the URL',
    });
  }
  if (url.search !== '' || url.hash !== '') {
    throw new VtnError('NOT_OPENADR', `the VTN URL ${url.origin}${url.pathname} has a query or fragment`, { hint });
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** The token URL that GET /auth/server names, if the answer is one; relative ones are below the base URL. */
function tokenUrlIn({ status, body }: HttpResponse, baseUrl: string): string | undefined {
  if (status !== 200) return undefined;
  const { tokenURL } = (parseJson(body) ?? {}) as { tokenURL?: unknown };
  if (typeof tokenURL !== 'string' || !URL.canParse(tokenURL, `${baseUrl}/`)) return undefined;
  const url = new URL(tokenURL, `${baseUrl}/`);
  const insecure = baseUrl.startsWith('https:') && url.protocol !== 'https:';
  if (insecure || !['http:', 'https:'].includes(url.protocol)) {
    throw new VtnError('VTN_PROTOCOL', `${baseUrl} sends clients to ${url.origin} for tokens, which is not https as itself`, {
      context: { url: baseUrl, tokenUrl: url.origin + url.pathname },
      hint: 'no secret is sent there; have the VTN’s operator correct the tokenURL of GET /auth/server',
    });
  }
  return url.href;
}

function speaks301({ status, body }: HttpResponse): boolean {
  const json = parseJson(body);
  if (status === 200) return Array.isArray(json) && json.every((program) => typeof program?.programName === 'string');
  if (status !== 401 && status !== 403) return false;
  const problem = (json ?? {}) as { status?: unknown; title?: unknown };
  return problem.status === status || typeof problem.title === 'string';
}

/** Where the URL is only an origin: the well-known base paths below it that do answer. */
async function wellKnownBelow(baseUrl: string, ask: Ask): Promise<string[]> {
  if (new URL(baseUrl).pathname !== '/') return [];
  const found: string[] = [];
  for (const candidate of WELL_KNOWN.map((path) => baseUrl + path)) {
    const is310 = async () => tokenUrlIn(await ask(`${candidate}/auth/server`), candidate) !== undefined;
    const is301 = async () => speaks301(await ask(`${candidate}/programs?limit=1`));
    // What fails here says nothing about the URL that was asked for.
    if (await is310().catch(() => false)) found.push(candidate);
    else if (await is301().catch(() => false)) found.push(candidate);
  }
  return found;
}

function notOpenAdr(baseUrl: string, { status, body, headers }: HttpResponse, better: readonly string[]): VtnError {
  const hint =
    better.length > 0
      ? `use ${better.join(' or ')}`
      : 'give the VTN’s base URL with its path, such as http://localhost:8000/openadr3/3.1.0, or name the version if it is certain';
  return new VtnError(
    'NOT_OPENADR',
    `${baseUrl} is not an OpenADR 3 VTN: GET /programs is answered by ${seen(status, body, headers)}`,
    {
      status,
      context: { url: baseUrl },
      hint,
    },
  );
}

function seen(status: number, body: string, headers: HttpResponse['headers']): string {
  if (status >= 300 && status < 400) return `${status}, a redirect to ${withoutQuery(String(headers.location ?? 'nowhere'))}`;
  if (body.trim() === '') return `${status} without a body`;
  if (isHtml(body)) return `${status}, ${describeBody(body)}`;
  if (parseJson(body) !== undefined) return `${status} with other JSON: ${describeBody(body)}`;
  return `${status} with no JSON: ${describeBody(body)}`;
}
