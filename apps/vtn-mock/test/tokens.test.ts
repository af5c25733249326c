import { describe, expect, it } from '@jest/globals';
import { seconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import type { Caller } from '../src/auth/caller.js';
import { TokenCache } from '../src/auth/token-cache.js';
import { TokenAuthority } from '../src/auth/tokens.js';

const caller: Caller = { clientId: 'a', role: 'VEN', scopes: new Set(['read_ven_objects', 'write_vens']) };

describe('TokenAuthority', () => {
  const clock = new FakeClock();
  const create = () => new TokenAuthority({ issuer: 'urn:test', lifetime: seconds(60), clock, cacheSize: 1 });

  it('verifies by the signature what the cache has lost, to the same caller, and remembers it again', async () => {
    const authority = create();
    const token = authority.issue(caller);
    for (let i = 0; i < 3; i++) authority.issue(caller);
    expect(authority.cached(token)).toBeUndefined();
    expect(await authority.verify(token)).toEqual(caller);
    expect(authority.cached(token)).toEqual(caller);
  });

  it('refuses a token that is expired, whether it is remembered or not', async () => {
    const authority = create();
    const [lost, kept] = [authority.issue(caller), authority.issue(caller)];
    authority.issue(caller);
    await clock.advance(seconds(60));
    for (const token of [lost, kept]) {
      expect(authority.cached(token)).toBeUndefined();
      expect(await authority.verify(token)).toBeUndefined();
    }
  });

  it('refuses what another key signed, what was altered, and what is no token', async () => {
    const authority = create();
    const token = authority.issue(caller);
    const [head, payload, signature] = token.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const raised = Buffer.from(JSON.stringify({ ...claims, role: 'BL' })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    const foreign = create().issue(caller);
    for (const bad of [foreign, `${head}.${raised}.${signature}`, `${unsigned}.${raised}.`, `${head}.${payload}`, '', 'x']) {
      expect(await authority.verify(bad)).toBeUndefined();
    }
  });
});

describe('TokenCache', () => {
  it('keeps what was used among the last entries and forgets the rest', () => {
    const cache = new TokenCache<number>(10);
    for (let i = 0; i < 1_000; i++) {
      cache.set(`k${i}`, i);
      // Used all the time, so it stays.
      cache.get('k0');
    }
    const kept = Array.from({ length: 1_000 }, (_, i) => i).filter((i) => cache.get(`k${i}`) !== undefined);
    expect(kept).toContain(0);
    expect(kept.length).toBeLessThanOrEqual(20);
  });

  it('has the last entries whatever came before', () => {
    const cache = new TokenCache<number>(3);
    for (let i = 0; i < 50; i++) cache.set(`k${i}`, i);
    expect([47, 48, 49].map((i) => cache.get(`k${i}`))).toEqual([47, 48, 49]);
  });
});
