import type { Role } from '@venfleet/openadr';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { ANONYMOUS, type Caller, mayUse } from './caller.js';
import type { TokenAuthority } from './tokens.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who sent it; set on every route that asks for a scope. */
    caller: Caller | undefined;
  }
}

/** What a route asks of its caller. */
export interface Demand {
  /** None: any valid token will do. */
  readonly scope?: string;
  /** The roles that may use the route; others are refused whatever their scopes are. */
  readonly roles: readonly Role[];
}

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void;

/** Makes the check of one route: 401 without a valid token, 403 without the scope or role. */
export type Authorizer = (demand: Demand) => OnRequest;

/** Who everybody is where no tokens are asked for. */
export const OPEN: Caller = { clientId: ANONYMOUS, role: 'BL', scopes: new Set() };

/** Every caller may do everything, as business logic. */
export const openAuthorizer: Authorizer = () => (request, _reply, done) => {
  request.caller = OPEN;
  done();
};

/** Runs before the body is read: who may not write cannot make the server parse either. */
export function tokenAuthorizer(tokens: TokenAuthority): Authorizer {
  return (demand) => (request, _reply, done) => {
    const token = bearerToken(request.headers.authorization);
    if (token === undefined) return done(unauthorized('this needs a token: Authorization: Bearer …'));
    const known = tokens.cached(token);
    if (known !== undefined) return done(admit(request, known, demand));
    tokens.verify(token).then((caller) => {
      if (caller !== undefined) done(admit(request, caller, demand));
      else done(unauthorized('the token is not valid here, or has expired', ', error="invalid_token"'));
    }, done);
  };
}

/** RFC 6750 section 2.1; the scheme's name is case-insensitive (RFC 9110 section 11.1). */
function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  if (header.startsWith('Bearer ')) return header.slice(7);
  return /^bearer +(\S+)$/i.exec(header)?.[1];
}

function admit(request: FastifyRequest, caller: Caller, { scope, roles }: Demand): Problem | undefined {
  if (scope !== undefined && !mayUse(caller, scope)) {
    const challenge = `Bearer realm="openadr", error="insufficient_scope", scope="${scope}"`;
    return new Problem(403, `this needs the scope ${scope}`, { headers: { 'www-authenticate': challenge } });
  }
  if (!roles.includes(caller.role)) return new Problem(403, `this is not for clients of the role ${caller.role}`);
  request.caller = caller;
  return undefined;
}

function unauthorized(detail: string, parameters = ''): Problem {
  return new Problem(401, detail, { headers: { 'www-authenticate': `Bearer realm="openadr"${parameters}` } });
}
