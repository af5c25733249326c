import { type LoginWays, PATHS, type TokenAnswer } from '@venfleet/console-api';
import { refusalOf } from './api-error.js';
import { type Credentials, type Fetch, reach } from './client.js';

/** Where a token outlives a reload of the page: a browser tab's own storage. */
export interface TokenStore {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

const KEY = 'venfleet-token';

/**
 * Who is logged in. The token is kept for this tab alone; a client's secret only in memory, to get the next token when
 * one has run out.
 */
export class Login implements Credentials {
  readonly #fetch: Fetch;
  readonly #store: TokenStore;
  #renewal: (() => Promise<void>) | undefined;
  /** Several calls that are refused at once ask for one new token. */
  #renewing: Promise<boolean> | undefined;

  constructor(fetch: Fetch, store: TokenStore) {
    this.#fetch = fetch;
    this.#store = store;
  }

  token(): string | undefined {
    return this.#store.getItem(KEY) ?? undefined;
  }

  /** What the server offers. @throws ApiError */
  async ways(): Promise<LoginWays> {
    return this.#ask<LoginWays>(PATHS.login, { method: 'GET' });
  }

  /** By OAuth2 client credentials (RFC 6749, section 4.4). @throws ApiError */
  async byClient(tokenUrl: string, clientId: string, clientSecret: string): Promise<void> {
    const obtain = async () => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret });
      this.#keep((await this.#ask<TokenAnswer>(tokenUrl, { method: 'POST', body })).access_token);
    };
    await obtain();
    this.#renewal = obtain;
  }

  /** By the code of a login link, which is good once. @throws ApiError */
  async byCode(code: string): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ code }) };
    this.#renewal = undefined;
    this.#keep((await this.#ask<TokenAnswer>(PATHS.code, init)).access_token);
  }

  /** By a token that the operator has; whether it is good the first call will show. */
  byToken(token: string): void {
    this.#renewal = undefined;
    this.#keep(token);
  }

  renew(): Promise<boolean> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<boolean> {
    if (this.#renewal === undefined) return false;
    try {
      await this.#renewal();
      return true;
    } catch {
      return false;
    }
  }

  end(): void {
    this.#renewal = undefined;
    this.#store.removeItem(KEY);
  }

  #keep(token: string): void {
    this.#store.setItem(KEY, token);
  }

  async #ask<T>(path: string, init: RequestInit): Promise<T> {
    const response = await reach(this.#fetch, path, init);
    if (!response.ok) throw await refusalOf(response);
    return (await response.json()) as T;
  }
}
