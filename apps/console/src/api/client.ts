import { describeError, isAbort } from '@venfleet/core';
import { ApiError, refusalOf } from './api-error.js';

export type Fetch = (path: string, init?: RequestInit) => Promise<Response>;

export interface Credentials {
  /** The bearer token, if there is one. */
  token(): string | undefined;
  /** Called when the server no longer takes the token: gets another one, or says false. */
  renew(): Promise<boolean>;
}

/** The console's API, with the operator's token. Its calls throw ApiError. */
export class ApiClient {
  readonly #fetch: Fetch;
  readonly #credentials: Credentials;

  constructor(fetch: Fetch, credentials: Credentials) {
    this.#fetch = fetch;
    this.#credentials = credentials;
  }

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await this.open('GET', path, { signal })).json() as Promise<T>;
  }

  async send<T>(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
    const init = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const response = await this.open(method, path, { ...init, signal });
    return (response.status === 204 ? undefined : await response.json()) as T;
  }

  /** An answer that is a success, its body unread. */
  async open(method: string, path: string, init: CallOptions = {}): Promise<Response> {
    const first = await this.#call(method, path, init);
    if (first.ok) return first;
    const refusal = await refusalOf(first);
    if (refusal.code !== 'API_UNAUTHORIZED' || !(await this.#credentials.renew())) throw refusal;
    const second = await this.#call(method, path, init);
    if (second.ok) return second;
    throw await refusalOf(second);
  }

  async #call(method: string, path: string, { headers, body, signal }: CallOptions): Promise<Response> {
    const token = this.#credentials.token();
    const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return reach(this.#fetch, path, {
      method,
      headers: { ...headers, ...authorization },
      ...(body === undefined ? {} : { body }),
      signal: signal ?? null,
    });
  }
}

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** @throws ApiError API_UNREACHABLE when no answer comes; the signal's reason when it aborts */
export async function reach(fetch: Fetch, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, init);
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    throw new ApiError('API_UNREACHABLE', 'the server cannot be reached', {
      cause,
      hint: `is it running, and the network up? (${describeError(cause)})`,
    });
  }
}
