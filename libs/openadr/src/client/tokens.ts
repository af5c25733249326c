import { type Clock, type Duration, seconds } from '@venfleet/core';
import { isTransient, VtnError } from './errors.js';
import { describeBody, isSuccess, parseJson, problemError, protocolError } from './problems.js';
import type { HttpResponse, HttpTransport } from './transport.js';

/** Where a client gets the token from that it presents to the VTN. */
export interface TokenSource {
  /** A token that has not expired; undefined where none is used. @throws VtnError */
  token(): Promise<string | undefined>;
  /** Says that the VTN refused `token`, so that the next call fetches another, unless that has happened already. */
  invalidate(token: string): void;
  /** Why the last attempt to get a token failed, though an older one may hold yet; undefined after one that did not. */
  readonly problem?: VtnError | undefined;
}

/** No token at all: for a VTN that asks for none. */
export const anonymous: TokenSource = {
  token: () => Promise.resolve(undefined),
  invalidate() {},
};

export interface ClientCredentials {
  readonly transport: HttpTransport;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Scopes to ask for, separated by spaces; by default those that the VTN gives unasked. */
  readonly scope?: string | undefined;
  readonly clock: Clock;
}

/**
 * Tokens by the OAuth2 client credentials grant (RFC 6749 section 4.4): one request for all who wait, renewal before
 * expiry. The client's id and secret go into the form; where that is refused, by HTTP Basic from then on.
 * @throws VtnError VTN_AUTH when refused, and whatever the transport raises.
 */
export function clientCredentialsTokens(options: ClientCredentials): TokenSource {
  return new ClientCredentialsTokens(options);
}

interface Issued {
  readonly token: string;
  /** What callers get, made once. */
  readonly promise: Promise<string>;
  /** On the monotonic clock; infinite where the server names no expiry. */
  readonly renewAt: number;
  readonly expiresAt: number;
}

type Style = 'form' | 'basic';

/** A token is renewed this long before it expires, or after nine tenths of its life where that is later. */
const RENEWAL_MARGIN = seconds(30);

class ClientCredentialsTokens implements TokenSource {
  readonly #options: ClientCredentials;
  #issued: Issued | undefined;
  #pending: Promise<string> | undefined;
  #style: Style | undefined;
  #problem: VtnError | undefined;

  constructor(options: ClientCredentials) {
    this.#options = options;
  }

  token(): Promise<string> {
    const issued = this.#issued;
    if (issued !== undefined && this.#options.clock.monotonic() < issued.renewAt) return issued.promise;
    this.#pending ??= this.#renew().finally(() => {
      this.#pending = undefined;
    });
    return this.#pending;
  }

  get problem(): VtnError | undefined {
    return this.#problem;
  }

  invalidate(token: string): void {
    if (this.#issued?.token === token) this.#issued = undefined;
  }

  async #renew(): Promise<string> {
    try {
      const issued = await this.#fetch();
      this.#issued = issued;
      this.#problem = undefined;
      return issued.token;
    } catch (error) {
      if (error instanceof VtnError) this.#problem = error;
      const old = this.#issued;
      // The renewal was early: until the old token expires, a fault that may pass hurts nobody.
      if (old !== undefined && isTransient(error) && this.#options.clock.monotonic() < old.expiresAt) return old.token;
      throw error;
    }
  }

  async #fetch(): Promise<Issued> {
    const first = await this.#ask(this.#style ?? 'form');
    if (this.#style === undefined && mayPreferBasic(first)) {
      const second = await this.#ask('basic');
      if (isSuccess(second)) {
        this.#style = 'basic';
        return this.#read(second);
      }
    }
    if (!isSuccess(first)) throw this.#refusal(first);
    this.#style ??= 'form';
    return this.#read(first);
  }

  #ask(style: Style): Promise<HttpResponse> {
    const { transport, tokenUrl, clientId, clientSecret, scope } = this.#options;
    const form = new URLSearchParams({ grant_type: 'client_credentials' });
    const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    if (style === 'form') {
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret);
    } else headers.authorization = `Basic ${basic(clientId, clientSecret)}`;
    if (scope !== undefined) form.set('scope', scope);
    return transport.request({ method: 'POST', url: tokenUrl, headers, body: form.toString(), repeatable: true });
  }

  #read(response: HttpResponse): Issued {
    const {
      access_token: token,
      token_type: type,
      expires_in: lifetime,
    } = (parseJson(response.body) ?? {}) as Record<string, unknown>;
    const mistakes: string[] = [];
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) mistakes.push('access_token: is missing or no token');
    if (typeof type !== 'string' || type.toLowerCase() !== 'bearer') mistakes.push('token_type: must be Bearer');
    if (mistakes.length > 0) throw protocolError(this.#asked, response, mistakes);
    const now = this.#options.clock.monotonic();
    const life: Duration | undefined = Number(lifetime) > 0 ? seconds(Number(lifetime)) : undefined;
    return {
      token: token as string,
      promise: Promise.resolve(token as string),
      renewAt: life === undefined ? Number.POSITIVE_INFINITY : now + Math.max(life - RENEWAL_MARGIN, 0.9 * life),
      expiresAt: life === undefined ? Number.POSITIVE_INFINITY : now + life,
    };
  }

  #refusal(response: HttpResponse): VtnError {
    const { status, body } = response;
    if (status === 429 || status >= 500 || status < 400) return problemError(this.#asked, response);
    const oauthError = oauthErrorOf(response);
    const { tokenUrl, clientId } = this.#options;
    return new VtnError(
      'VTN_AUTH',
      `the token endpoint ${tokenUrl} refuses client ${clientId}: ${status} ${describeBody(body)}`,
      {
        status,
        context: { url: tokenUrl, clientId, oauthError },
        hint: HINTS[oauthError ?? ''] ?? 'check the client id and secret, and that the VTN knows this client',
      },
    );
  }

  get #asked() {
    return { method: 'POST', url: this.#options.tokenUrl, repeatable: true };
  }
}

const HINTS: Readonly<Record<string, string>> = {
  invalid_scope: 'ask for scopes that the VTN grants to this client, or for none',
  unsupported_grant_type: 'the VTN must allow the client credentials grant',
};

function oauthErrorOf({ body }: HttpResponse): string | undefined {
  const { error } = (parseJson(body) ?? {}) as { error?: unknown };
  return typeof error === 'string' ? error : undefined;
}

/** Whether a refusal of the form may be one of its form only: servers say so in different ways. */
function mayPreferBasic(response: HttpResponse): boolean {
  if (![400, 401, 403].includes(response.status)) return false;
  return [undefined, 'invalid_client', 'invalid_request', 'unauthorized_client'].includes(oauthErrorOf(response));
}

/** RFC 6749 section 2.3.1: both are form-encoded before they are joined. */
function basic(clientId: string, clientSecret: string): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
}
