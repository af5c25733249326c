import {
  type Clock,
  defaultRetryPolicy,
  type Logger,
  type Random,
  type RetryDecision,
  type RetryPolicy,
  retry,
  seconds,
} from '@venfleet/core';
import { isDenied, isNotFound, isTooLong, isTransient, type VtnError } from './errors.js';
import { type Asked, isSuccess, parseJson, problemError, protocolError, withoutQuery } from './problems.js';
import type { TokenSource } from './tokens.js';
import type { HttpRequest, HttpResponse, HttpTransport } from './transport.js';

/** One operation in the terms of a wire version. */
export interface Call<T> {
  readonly method: HttpRequest['method'];
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly body?: unknown;
  /** Makes the answer's JSON into a domain object. @throws UnexpectedAnswer */
  readonly decode: (json: unknown) => T;
}

/** A list that is read page by page. */
export interface ListCall<T> {
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly decode: (json: unknown) => T;
  /** What was asked for, once more: filters are optional to some VTNs. */
  readonly keep?: (item: T) => boolean;
}

/** An answer that does not have the shape of its schema. */
export class UnexpectedAnswer extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(mistakes[0]);
    this.mistakes = mistakes;
  }
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface ListOptions<T> extends CallOptions {
  /** Given each page: true ends the reading, for who has found what it looks for in a list without end. */
  readonly enough?: ((page: readonly T[]) => boolean) | undefined;
}

export interface SessionOptions {
  readonly transport: HttpTransport;
  readonly baseUrl: string;
  readonly tokens: TokenSource;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly retryPolicy?: RetryPolicy | undefined;
}

/** A request before it has its token. */
type Unsigned = Omit<HttpRequest, 'headers'> & Asked;

/** Most records of a page: OpenADR, parameter `limit`. */
const PAGE = 50;
/** A list longer than this comes from a VTN that does not stop. */
const LONGEST_LIST = 1_000_000;
/** A new token that was refused as the old one will not be helped by yet another within this time. */
const RENEWAL_PAUSE = seconds(10);

/** Carries out calls at one VTN for one client: token, renewal on refusal, retries, pages. */
export class VtnSession {
  readonly #options: SessionOptions;
  readonly #policy: RetryPolicy;
  #headers: { readonly token: string | undefined; readonly read: Record<string, string>; readonly write: Record<string, string> };
  /** The last renewal that did not help. */
  #vain: { readonly token: string | undefined; readonly status: number; readonly at: number } | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#policy = options.retryPolicy ?? defaultRetryPolicy;
    this.#headers = headersFor(undefined);
  }

  /**
   * Carries out a call.
   * @returns what it decodes to; undefined for a DELETE of something that an earlier try has deleted already.
   */
  run<T>(call: Call<T>, options?: CallOptions): Promise<T> {
    const url = this.#options.baseUrl + call.path;
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const request = { method: call.method, url, body, signal: options?.signal, repeatable: call.method !== 'POST' };
    return this.#retrying(request, options, async (attempt) => {
      try {
        return decode(call.decode, request, await this.#authorised(request));
      } catch (error) {
        if (call.method === 'DELETE' && attempt > 1 && isNotFound(error)) return undefined as T;
        throw error;
      }
    });
  }

  /** Reads a list to its end; one page that fails fails the list. Records that move between pages are listed once. */
  async list<T extends { readonly id: string }>(call: ListCall<T>, options?: ListOptions<T>): Promise<T[]> {
    const found = new Map<string, T>();
    let size = PAGE;
    for (let skip = 0; ; ) {
      const page = await this.#fittingPage(call, skip, size, options);
      size = page.size;
      const before = found.size;
      for (const item of page.items) found.set(item.id, item);
      if (options?.enough?.(page.items)) break;
      if (page.items.length < size || (page.items.length > size && found.size === before)) break;
      if (found.size === before) throw protocolError(page.asked, page.response, ['it repeats itself: the VTN ignores skip']);
      if (found.size > LONGEST_LIST)
        throw protocolError(page.asked, page.response, [`the list does not end at ${LONGEST_LIST} records`]);
      skip += page.items.length;
    }
    const all = [...found.values()];
    return call.keep === undefined ? all : all.filter(call.keep);
  }

  /** A page of at most `size` records; of fewer where those are too long, as reports of many resources can be. */
  async #fittingPage<T>(call: ListCall<T>, skip: number, largest: number, options?: CallOptions) {
    for (let size = largest; ; size = Math.floor(size / 2)) {
      try {
        return { size, ...(await this.#page(call, skip, size, options)) };
      } catch (error) {
        if (size === 1 || !isTooLong(error)) throw error;
      }
    }
  }

  #page<T>(call: ListCall<T>, skip: number, size: number, options?: CallOptions) {
    const query = new URLSearchParams({ skip: `${skip}`, limit: `${size}` });
    for (const [key, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.append(key, value);
    const url = `${this.#options.baseUrl}${call.path}?${query}`;
    const asked = { method: 'GET', url: withoutQuery(url), repeatable: true };
    return this.#retrying(asked, options, async () => {
      const response = await this.#authorised({ ...asked, method: 'GET', url, signal: options?.signal }, asked);
      const items = decode((json) => decodeList(json, call.decode), asked, response);
      return { items, asked, response };
    });
  }

  #retrying<T>(asked: Asked, options: CallOptions | undefined, work: (attempt: number) => Promise<T>): Promise<T> {
    const { clock, random, logger, transport } = this.#options;
    return retry(work, decideRetry, this.#policy, {
      clock,
      random,
      signal: options?.signal ?? transport.signal,
      onRetry: (attempt, pause, error) =>
        logger.warn(
          { method: asked.method, url: asked.url, attempt, pauseMs: Math.round(pause), err: error },
          'retrying a request',
        ),
    });
  }

  /**
   * Sends with the token; a refusal is answered by one renewal and one repetition.
   * @param asked the request for messages, where its URL has a query.
   */
  async #authorised(request: Unsigned, asked: Asked = request): Promise<HttpResponse> {
    const { tokens, clock } = this.#options;
    const token = await tokens.token();
    const first = await this.#send(request, token);
    if (isSuccess(first)) return first;
    const error = problemError(asked, first);
    if (!isDenied(error) || token === undefined || this.#isVain(token, first.status)) throw error;
    tokens.invalidate(token);
    const renewed = await tokens.token();
    const second = await this.#send(request, renewed);
    if (isSuccess(second)) return second;
    if (second.status === first.status) this.#vain = { token: renewed, status: second.status, at: clock.monotonic() };
    throw problemError(asked, second);
  }

  /** Whether this refusal has just outlived a renewal: then it is a matter of permission, not of the token. */
  #isVain(token: string, status: number): boolean {
    const vain = this.#vain;
    if (vain === undefined || vain.token !== token || vain.status !== status) return false;
    return this.#options.clock.monotonic() - vain.at < RENEWAL_PAUSE;
  }

  #send(request: Unsigned, token: string | undefined): Promise<HttpResponse> {
    if (this.#headers.token !== token) this.#headers = headersFor(token);
    const { method, url, body, signal, repeatable } = request;
    const headers = body === undefined ? this.#headers.read : this.#headers.write;
    return this.#options.transport.request({ method, url, headers, body, signal, repeatable });
  }
}

function decideRetry(error: unknown): RetryDecision {
  if (!isTransient(error) || (error as VtnError).ambiguous) return { retry: false };
  return { retry: true, after: (error as VtnError).retryAfter };
}

function headersFor(token: string | undefined) {
  const read: Record<string, string> = { accept: 'application/json' };
  if (token !== undefined) read.authorization = `Bearer ${token}`;
  return { token, read, write: { ...read, 'content-type': 'application/json' } };
}

function decode<T>(decoder: (json: unknown) => T, asked: Asked, response: HttpResponse): T {
  const json = parseJson(response.body);
  if (json === undefined && asked.method !== 'DELETE') throw protocolError(asked, response, ['(body): is not JSON']);
  try {
    return decoder(json);
  } catch (error) {
    if (error instanceof UnexpectedAnswer) throw protocolError(asked, response, error.mistakes);
    throw error;
  }
}

function decodeList<T>(json: unknown, decodeItem: (json: unknown) => T): T[] {
  if (!Array.isArray(json)) throw new UnexpectedAnswer(['(body): must be array']);
  return json.map((item, index) => {
    try {
      return decodeItem(item);
    } catch (error) {
      if (error instanceof UnexpectedAnswer) throw new UnexpectedAnswer(error.mistakes.map((mistake) => `${index}.${mistake}`));
      throw error;
    }
  });
}
