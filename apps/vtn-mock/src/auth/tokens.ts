import { randomUUID } from 'node:crypto';
import { type Duration, type HasNow, type Instant, instant, toSeconds } from '@venfleet/core';
import type { Role } from '@venfleet/openadr';
import { type CryptoKey, exportJWK, generateKeyPair, type JSONWebKeySet, jwtVerify, SignJWT } from 'jose';
import type { Caller } from './caller.js';
import { TokenCache } from './token-cache.js';

const ALGORITHM = 'ES256';
const KEY_ID = 'vtn-mock';

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
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;
  readonly #clock: HasNow;
  readonly #cache: TokenCache<CachedToken>;

  private constructor(options: TokenOptions, keys: { privateKey: CryptoKey; publicKey: CryptoKey }, jwks: JSONWebKeySet) {
    this.#issuer = options.issuer;
    this.lifetime = options.lifetime;
    this.#clock = options.clock;
    this.#cache = new TokenCache(options.cacheSize ?? CACHE_SIZE);
    this.#privateKey = keys.privateKey;
    this.#publicKey = keys.publicKey;
    this.jwks = jwks;
  }

  static async create(options: TokenOptions): Promise<TokenAuthority> {
    const keys = await generateKeyPair(ALGORITHM);
    const jwk = { ...(await exportJWK(keys.publicKey)), alg: ALGORITHM, use: 'sig', kid: KEY_ID };
    return new TokenAuthority(options, keys, { keys: [jwk] });
  }

  async issue(caller: Caller): Promise<string> {
    const issuedAt = Math.floor(this.#clock.now() / 1000);
    const expires = issuedAt + Math.floor(toSeconds(this.lifetime));
    const claims = { client_id: caller.clientId, role: caller.role, scope: [...caller.scopes].join(' ') };
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: 'at+jwt', kid: KEY_ID })
      .setIssuer(this.#issuer)
      .setSubject(caller.clientId)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expires)
      .setJti(randomUUID())
      .sign(this.#privateKey);
    this.#cache.set(token, { caller, expires: expires * 1000 });
    return token;
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
      const { payload } = await jwtVerify<{ client_id: string; role: Role; scope: string }>(token, this.#publicKey, {
        algorithms: [ALGORITHM],
        issuer: this.#issuer,
        currentDate: new Date(this.#clock.now()),
      });
      const caller = { clientId: payload.client_id, role: payload.role, scopes: new Set(payload.scope.split(' ')) };
      this.#cache.set(token, { caller, expires: (payload.exp ?? 0) * 1000 });
      return caller;
    } catch {
      return undefined;
    }
  }
}
