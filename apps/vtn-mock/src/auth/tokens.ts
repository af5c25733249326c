import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { type Duration, type HasNow, type Instant, instant, toSeconds } from '@venfleet/core';
import type { Role } from '@venfleet/openadr';
import { type JSONWebKeySet, type JWK, jwtVerify } from 'jose';
import type { Caller } from './caller.js';
import { TokenCache } from './token-cache.js';

const ALGORITHM = 'ES256';
const KEY_ID = 'vtn-mock';
const HEADER = base64url(JSON.stringify({ alg: ALGORITHM, typ: 'at+jwt', kid: KEY_ID }));

/** Enough for every client of a large fleet; a token that fell out is verified anew. */
const CACHE_SIZE = 5_000;

interface CachedToken {
  readonly caller: Caller;
  /** Epoch milliseconds. */
  readonly expires: number;
}

export interface TokenOptions {
  /** The claim `iss`: the VTN's own URL where it has one. */
  readonly issuer: string;
  readonly lifetime: Duration;
  readonly clock: HasNow;
  /** How many verified tokens are remembered, at least. */
  readonly cacheSize?: number;
}

/**
 * Issues and verifies access tokens: JWTs (RFC 9068 claims) signed with a key that is made at start, so
 * that a restart ends all tokens. The private claim `role` tells business logic from VEN: scopes alone do
 * not, as `write_vens` is shared and 3.0.1 gives `read_all` to both.
 */
export class TokenAuthority {
  readonly jwks: JSONWebKeySet;
  readonly lifetime: Duration;
  readonly #issuer: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #clock: HasNow;
  readonly #cache: TokenCache<CachedToken>;
  #issued = 0;
  /** The last token that was expired before its time, of a client or, under '', of all. */
  readonly #expired = new Map<string, number>();

  constructor(options: TokenOptions) {
    this.#issuer = options.issuer;
    this.lifetime = options.lifetime;
    this.#clock = options.clock;
    this.#cache = new TokenCache(options.cacheSize ?? CACHE_SIZE);
    const jwk = this.#keys.publicKey.export({ format: 'jwk' }) as JWK;
    this.jwks = { keys: [{ ...jwk, alg: ALGORITHM, use: 'sig', kid: KEY_ID }] };
  }

  /** How many tokens were issued. */
  get issued(): number {
    return this.#issued;
  }

  issue(caller: Caller): string {
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expires = issuedAt + Math.floor(toSeconds(this.lifetime));
    const claims = {
      iss: this.#issuer,
      sub: caller.clientId,
      client_id: caller.clientId,
      role: caller.role,
      scope: [...caller.scopes].join(' '),
      iat: issuedAt,
      exp: expires,
      jti: `${++this.#issued}-${randomUUID()}`,
    };
    const token = signed(claims, this.#keys.privateKey);
    this.#cache.set(token, { caller, expires: expires * 1000 });
    return token;
  }

  /** Expires every token issued so far, of one client or of all. */
  expireAll(clientId = ''): void {
    this.#expired.set(clientId, this.#issued);
    this.#cache.clear();
  }

  /** The caller of a token that was verified before and still holds; costs a look-up. */
  cached(token: string): Caller | undefined {
    const entry = this.#cache.get(token);
    return entry !== undefined && entry.expires > this.#clock.now() ? entry.caller : undefined;
  }

  /** As {@link verify}, with when the token expires: for what lasts longer than a request. */
  async admit(token: string): Promise<{ readonly caller: Caller; readonly expires: Instant } | undefined> {
    const caller = await this.verify(token);
    const entry = this.#cache.get(token);
    return caller === undefined || entry === undefined ? undefined : { caller, expires: instant(entry.expires) };
  }

  /** The caller of a token, or undefined when it is not ours, altered or expired. */
  async verify(token: string): Promise<Caller | undefined> {
    const cached = this.cached(token);
    if (cached !== undefined) return cached;
    try {
      const { payload } = await jwtVerify<{ client_id: string; role: Role; scope: string }>(token, this.#keys.publicKey, {
        algorithms: [ALGORITHM],
        issuer: this.#issuer,
        currentDate: new Date(this.#clock.now()),
      });
      const number = Number.parseInt(payload.jti ?? '', 10);
      if (number <= Math.max(this.#expired.get('') ?? 0, this.#expired.get(payload.client_id) ?? 0)) return undefined;
      const caller = { clientId: payload.client_id, role: payload.role, scopes: new Set(payload.scope.split(' ')) };
      this.#cache.set(token, { caller, expires: (payload.exp ?? 0) * 1000 });
      return caller;
    } catch {
      return undefined;
    }
  }
}

/**
 * A JWT in compact form (RFC 7515 section 3.1), ES256 (RFC 7518 section 3.4: both numbers of the signature, one after the
 * other). In one go: handed to another thread, as jose does, it takes five times as long, and a fleet asks for many at once.
 */
function signed(claims: object, key: KeyObject): string {
  const content = `${HEADER}.${base64url(JSON.stringify(claims))}`;
  return `${content}.${sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}
