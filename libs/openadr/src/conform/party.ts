import {
  type Clock,
  type Duration,
  defaultRetryPolicy,
  describeError,
  type Random,
  type RetryDecision,
  retry,
  seconds,
} from '@venfleet/core';
import type { TokenSource } from '../client/tokens.js';
import type { HttpRequest, HttpResponse, HttpTransport } from '../client/transport.js';
import { Answer, type JsonObject } from './answer.js';
import { Nonconformity } from './findings.js';
import type { Ledger } from './ledger.js';
import type { Redactor } from './redact.js';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** What all parties of a run share. */
export interface Wire {
  readonly transport: HttpTransport;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly ledger: Ledger;
  readonly redactor: Redactor;
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the requests. */
  readonly signal: AbortSignal;
}

/** Somebody who uses the VTN's API: a client with its token, or without any. */
export class Party {
  readonly #wire: Wire;
  readonly #tokens: TokenSource;
  /** How reports call it: `BL`, `VEN`. */
  readonly name: string;
  /** Undefined for those without credentials. */
  readonly clientId: string | undefined;

  constructor(wire: Wire, name: string, tokens: TokenSource, clientId?: string) {
    this.#wire = wire;
    this.#tokens = tokens;
    this.name = name;
    this.clientId = clientId;
  }

  get = (path: string) => this.send('GET', path);
  post = (path: string, body: unknown) => this.send('POST', path, body);
  put = (path: string, body: unknown) => this.send('PUT', path, body);
  delete = (path: string) => this.send('DELETE', path);

  /** @throws VtnError where the VTN gives it no token */
  async logIn(): Promise<void> {
    await this.#tokens.token();
  }

  /** The same party, ended by another signal. */
  until(signal: AbortSignal): Party {
    return new Party({ ...this.#wire, signal }, this.name, this.#tokens, this.clientId);
  }

  withToken(name: string, token: string): Party {
    return new Party(this.#wire, name, { token: () => Promise.resolve(token), invalidate() {} });
  }

  /** @throws Nonconformity where there is no answer; VtnError where there is no token; the signal's reason */
  async send(method: Method, path: string, body?: unknown): Promise<Answer> {
    const { baseUrl, ledger, redactor, signal } = this.#wire;
    const token = await this.#tokens.token();
    signal.throwIfAborted();
    if (token !== undefined) redactor.add(token);
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== undefined) headers.authorization = `Bearer ${token}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const text = body === undefined ? undefined : JSON.stringify(body);
    const asked = { as: this.name, method, target: path, body: text };
    try {
      const response = await this.#request({ method, url: baseUrl + path, headers, body: text, signal });
      const answer = new Answer({ ...asked, status: response.status, text: response.body }, redactor);
      ledger.note(this.name, method, path, answer.status, answer.json);
      return answer;
    } catch (error) {
      if (method === 'POST') ledger.doubt(path);
      if (signal.aborted) throw error;
      throw new Nonconformity({ expected: `an answer to ${method} ${path}`, seen: redactor.apply(describeError(error)) });
    }
  }

  /** Waits where the VTN asks to (429); every other answer is one. */
  async #request(request: HttpRequest): Promise<HttpResponse> {
    const { transport, clock, random, signal } = this.#wire;
    let response: HttpResponse | undefined;
    const once = async () => {
      response = await transport.request(request);
      if (response.status === 429) throw new TooMany(response.retryAfter ?? seconds(1));
      return response;
    };
    try {
      const after = (error: unknown) =>
        (error instanceof TooMany ? { retry: true, after: error.after } : { retry: false }) as RetryDecision;
      return await retry(once, after, defaultRetryPolicy, { clock, random, signal });
    } catch (error) {
      if (error instanceof TooMany && response !== undefined) return response;
      throw error;
    }
  }
}

class TooMany extends Error {
  readonly after: Duration;
  constructor(after: Duration) {
    super('429');
    this.after = after;
  }
}

/** The most that a page may have (OpenADR 3, query parameter `limit`). */
const PAGE = 50;

/** All objects of a list, page by page. @throws Nonconformity */
export async function listAll(party: Party, path: string): Promise<JsonObject[]> {
  const all = new Map<unknown, JsonObject>();
  const joint = path.includes('?') ? '&' : '?';
  for (let skip = 0; ; skip += PAGE) {
    const page = (await party.get(`${path}${joint}skip=${skip}&limit=${PAGE}`)).expect(200, 'a page of a list').list();
    const before = all.size;
    for (const object of page) all.set(object.id, object);
    // A VTN that takes no notice of skip would go on for ever.
    if (page.length < PAGE || all.size === before) return [...all.values()];
  }
}
