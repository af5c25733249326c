import { describe, expect, test } from '@jest/globals';
import { rightsIn } from '../../src/check/claims.js';

const jwt = (payload: unknown) => ['e30', Buffer.from(JSON.stringify(payload)).toString('base64url'), 'sig'].join('.');

describe('rights are read from a token', () => {
  test.each([
    ['scopes separated by spaces', { scope: 'read_all write_reports' }, ['read_all', 'write_reports']],
    ['a list of scopes', { scope: ['read_targets'] }, ['read_targets']],
    ['roles, with what they are for', { roles: [{ role: 'VEN', id: 'v-1' }, { role: 'AnyBusiness' }] }, ['VEN', 'AnyBusiness']],
  ])('as %s', (_, payload, rights) => {
    expect(rightsIn(jwt(payload))).toEqual(rights);
  });

  test.each(['opaque', 'a.b.c', jwt('text'), jwt(null), jwt({ sub: 'ven' })])('and not where there are none: %s', (token) => {
    expect(rightsIn(token)).toBeUndefined();
  });
});
