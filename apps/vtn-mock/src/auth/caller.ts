import type { Role } from '@venfleet/openadr';
import { Problem } from '../http/problem.js';

/** Who sent a request, as its token says. */
export interface Caller {
  readonly clientId: string;
  readonly role: Role;
  readonly scopes: ReadonlySet<string>;
}

/** The client id of callers without a token, where the VTN runs without authorisation. */
export const ANONYMOUS = 'anonymous';

/** `read_all` stands for every read scope. */
export function mayUse(caller: Caller, scope: string): boolean {
  return caller.scopes.has(scope) || (scope.startsWith('read_') && caller.scopes.has('read_all'));
}

/**
 * Business logic writes BL_…_REQUESTs, a VEN writes VEN_…_REQUESTs; whoever has no token may write both.
 * @throws Problem 403
 */
export function requireFlavour(caller: Caller, objectType: string, businessType: string): void {
  if (caller.clientId === ANONYMOUS || (objectType === businessType) === (caller.role === 'BL')) return;
  throw new Problem(403, `objectType: ${objectType} is not for clients of the role ${caller.role}`);
}
