import { type Clock, type Duration, type Logger, retryAfterIn, seconds, toSeconds } from '@venfleet/core';
import type { Dispatcher } from 'undici';
import { type Abortable, unwatchAbort, watchAbort } from './aborts.js';
import { Deadlines, type Expiring } from './deadlines.js';
import { connectionError, type RequestLabel, VtnError } from './errors.js';
import { AdaptiveLimiter, type LimiterOptions, type Outcome } from './limiter.js';
import { Pool } from './undici.js';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute, with a path. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Doing it twice does no harm; by default true for all methods but POST. */
  readonly repeatable?: boolean | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** What Retry-After asks for, if it does. */
  readonly retryAfter?: Duration | undefined;
}

/** Carries HTTP requests; any status is an answer, not an error. */
export interface HttpTransport {
  /** Ends all requests, and what waits to repeat one; a request's own signal goes before it. */
  readonly signal?: AbortSignal | undefined;
  /**
   * @throws VtnError VTN_UNREACHABLE, VTN_TIMEOUT, VTN_TLS, VTN_PROTOCOL (no HTTP, or more than `maxBodyBytes`),
   *   TRANSPORT_CLOSED; the signal's reason.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Drops connections and whatever is in flight. */
  close(): Promise<void>;
}

export interface TransportOptions {
  /** Connections for each origin, one request at a time on each; by default 64. */
  readonly connections?: number | undefined;
  /** By default 10 s. */
  readonly connectTimeout?: Duration | undefined;
  /** From the start of a request to the end of its answer, by default 30 s; waiting for the limiter is not counted. */
  readonly requestTimeout?: Duration | undefined;
  /** Longest answer; by default 16 MiB. */
  readonly maxBodyBytes?: number | undefined;
  readonly tls?: { readonly ca?: string | undefined; readonly rejectUnauthorized?: boolean | undefined } | undefined;
  /** Bounds the requests in flight, for each origin apart. */
  readonly limiter?: LimiterOptions | undefined;
  /** See {@link HttpTransport.signal}. */
  readonly signal?: AbortSignal | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Keep-alive connections by undici's Pool, with a limiter and a deadline. */
export function createHttpTransport(options: TransportOptions): HttpTransport {
  return new PooledTransport(options);
}

interface Lane {
  readonly pool: Pool;
  readonly limiter: AdaptiveLimiter;
}

class PooledTransport implements HttpTransport {
  readonly signal: AbortSignal | undefined;
  readonly #options: TransportOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #terms: ExchangeTerms;
  readonly #lanes = new Map<string, Lane>();
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.signal = options.signal;
    this.#clock = options.clock;
    this.#logger = options.logger.child({ component: 'http' });
    const timeout = options.requestTimeout ?? seconds(30);
    const maxBodyBytes = options.maxBodyBytes ?? 16 * 1024 * 1024;
    this.#terms = { timeout, maxBodyBytes, deadlines: new Deadlines(options.clock, timeout) };
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const slash = request.url.indexOf('/', request.url.indexOf('://') + 3);
    const origin = request.url.slice(0, slash);
    const { pool, limiter } = this.#lane(origin);
    const signal = request.signal ?? this.signal;
    const permit = limiter.acquire(signal);
    const startedAt = typeof permit === 'number' ? permit : await permit;
    let outcome: Outcome = 'neutral';
    let retryAfter: Duration | undefined;
    try {
      const answer = await this.#exchange(pool, origin, request, signal);
      retryAfter = retryAfterIn(answer.headers['retry-after'], this.#clock.now());
      const response = retryAfter === undefined ? answer : { ...answer, retryAfter };
      outcome = response.status === 429 || response.status === 503 ? 'overload' : 'success';
      if (this.#logger.isEnabled('debug')) this.#log(request, origin, response.status, startedAt);
      return response;
    } catch (error) {
      if (error instanceof VtnError && error.code === 'VTN_TIMEOUT') outcome = 'overload';
      throw error;
    } finally {
      limiter.release(startedAt, outcome, outcome === 'overload' ? retryAfter : undefined);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#terms.deadlines.close();
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const { limiter } of lanes) limiter.close(closedError());
    await Promise.all(lanes.map(({ pool }) => pool.destroy(closedError())));
  }

  #exchange(pool: Pool, origin: string, request: HttpRequest, signal: AbortSignal | undefined): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange({ request, origin, signal, terms: this.#terms, resolve, reject });
      if (signal?.aborted) return exchange.abort(signal.reason);
      this.#terms.deadlines.add(exchange);
      const { method, url, headers, body = null } = request;
      pool.dispatch({ method, path: url.slice(origin.length), headers, body }, exchange);
    });
  }

  #lane(origin: string): Lane {
    if (this.#closed) throw closedError();
    let lane = this.#lanes.get(origin);
    if (lane === undefined) {
      const { connections = 64, connectTimeout = seconds(10), tls, limiter } = this.#options;
      const pool = new Pool(origin, {
        connections,
        pipelining: 1,
        // The deadline covers these two, and more exactly.
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: {
          timeout: connectTimeout,
          ...(tls?.ca === undefined ? {} : { ca: tls.ca }),
          rejectUnauthorized: tls?.rejectUnauthorized ?? true,
        },
      });
      lane = { pool, limiter: new AdaptiveLimiter(this.#clock, { max: connections, ...limiter }) };
      this.#lanes.set(origin, lane);
    }
    return lane;
  }

  #log({ method, url }: HttpRequest, origin: string, status: number, startedAt: number): void {
    const path = withoutQuery(url.slice(origin.length));
    this.#logger.debug({ method, path, status, ms: Math.round(this.#clock.monotonic() - startedAt) }, 'request');
  }
}

/** What holds for all requests alike. */
interface ExchangeTerms {
  readonly timeout: Duration;
  readonly maxBodyBytes: number;
  readonly deadlines: Deadlines;
}

interface ExchangeOptions {
  readonly request: HttpRequest;
  readonly origin: string;
  readonly signal: AbortSignal | undefined;
  readonly terms: ExchangeTerms;
  resolve(response: HttpResponse): void;
  reject(error: unknown): void;
}

/** One request on its way: collects the answer, and knows whether anything was sent before it failed. */
class Exchange implements Dispatcher.DispatchHandler, Expiring, Abortable {
  readonly #options: ExchangeOptions;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #status = 0;
  #headers: HttpResponse['headers'] = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    if (options.signal !== undefined) watchAbort(options.signal, this);
  }

  expire(): void {
    const label = this.#label;
    const message = `${label.method} ${label.path}: ${label.origin} did not answer within ${toSeconds(this.#options.terms.timeout)} s`;
    const hint = 'try again later; if the VTN is slow by nature, allow more time for a request';
    this.abort(
      new VtnError('VTN_TIMEOUT', message, { hint, ambiguous: this.#ambiguous, context: { url: label.origin + label.path } }),
    );
  }

  abort(reason: unknown): void {
    this.#fail(reason);
    this.#controller?.abort(abortError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#settled) controller.abort(abortError());
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: HttpResponse['headers']): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#size += chunk.length;
    if (this.#size > this.#options.terms.maxBodyBytes) this.#refuseSize();
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    const only = this.#chunks.length === 1 ? this.#chunks[0] : undefined;
    const body = (only ?? Buffer.concat(this.#chunks)).toString('utf8');
    this.#options.resolve({ status: this.#status, headers: this.#headers, body });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error instanceof VtnError ? error : connectionError(error, this.#label, this.#ambiguous));
  }

  get #label(): RequestLabel {
    const { request, origin } = this.#options;
    return { method: request.method, origin, path: withoutQuery(request.url.slice(origin.length)) };
  }

  get #ambiguous(): boolean {
    const { method, repeatable = method !== 'POST' } = this.#options.request;
    return this.#controller !== undefined && !repeatable;
  }

  #refuseSize(): void {
    const { maxBodyBytes } = this.#options.terms;
    const message = `${this.#options.request.method} ${this.#label.path}: the answer is longer than ${maxBodyBytes} bytes`;
    this.abort(
      new VtnError('VTN_PROTOCOL', message, { status: this.#status, ambiguous: this.#ambiguous, context: { maxBodyBytes } }),
    );
  }

  #fail(error: unknown): void {
    if (this.#settle()) this.#options.reject(error);
  }

  /** True for the first end of an exchange only. */
  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    const { signal, terms } = this.#options;
    if (signal !== undefined) unwatchAbort(signal, this);
    terms.deadlines.remove(this);
    return true;
  }
}

function withoutQuery(path: string): string {
  const mark = path.indexOf('?');
  return mark < 0 ? path : path.slice(0, mark);
}

function abortError(): Error {
  return new DOMException('the request was given up', 'AbortError');
}

function closedError(): VtnError {
  return new VtnError('TRANSPORT_CLOSED', 'the connection to the VTN was closed by this program');
}
