import type { LoginAttempts } from '@venfleet/console-api/server';
import { toSeconds } from '@venfleet/core';
import type { AuthError, Client } from '@venfleet/openadr';
import type { FastifyInstance } from 'fastify';
import { type Headers, Problem } from '../http/problem.js';
import type { ClientRegistry } from './clients.js';
import type { TokenAuthority } from './tokens.js';

const FORM = 'application/x-www-form-urlencoded';
/** RFC 6749 section 5.1. */
const NO_STORE = { 'cache-control': 'no-store', pragma: 'no-cache' };
/** RFC 6749 section 5.2: 401 says how to authenticate when the client tried it by a header. */
const BASIC_CHALLENGE = { 'www-authenticate': 'Basic realm="openadr", charset="UTF-8"' };

/** OpenADR's client ids have 128 characters at most; a longer one is nobody's, and must fill no memory. */
const LONGEST_ID = 129;

export interface TokenEndpointOptions {
  readonly path: string;
  readonly clients: ClientRegistry;
  readonly tokens: TokenAuthority;
  readonly attempts: LoginAttempts;
  /** The scopes that a client has here. */
  readonly scopesOf: (client: Client) => readonly string[];
  readonly schema: object;
}

/** OAuth2 client credentials grant (RFC 6749 section 4.4), by body form or HTTP Basic. */
export async function tokenEndpoint(app: FastifyInstance, options: TokenEndpointOptions): Promise<void> {
  const { path, tokens, scopesOf, schema } = options;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(FORM, { parseAs: 'string' }, (_request, body, done) => done(null, new URLSearchParams(String(body))));
  app.post(path, { schema }, (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const header = request.headers.authorization;
    const client = authenticate(form, header, options, request.ip);
    if (parameter(form, 'grant_type') !== 'client_credentials') {
      throw refusal(400, 'unsupported_grant_type', 'grant_type must be client_credentials');
    }
    const scopes = grant(scopesOf(client), parameter(form, 'scope'));
    const accessToken = tokens.issue({ clientId: client.clientId, role: client.role, scopes: new Set(scopes) });
    return reply.headers(NO_STORE).send({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: Math.floor(toSeconds(tokens.lifetime)),
      scope: scopes.join(' '),
    });
  });
}

function authenticate(
  form: URLSearchParams,
  header: string | undefined,
  { clients, attempts }: TokenEndpointOptions,
  address: string,
): Client {
  const id = parameter(form, 'client_id');
  const secret = parameter(form, 'client_secret');
  const grantType = parameter(form, 'grant_type');
  if (grantType === undefined) throw refusal(400, 'invalid_request', 'grant_type is missing');
  // A client id beside the header is allowed (section 3.2.1) where it names the same client.
  const basic = header === undefined ? undefined : basicCredentials(header);
  if (basic !== undefined && (secret !== undefined || (id !== undefined && id !== basic.id))) {
    throw refusal(400, 'invalid_request', 'client credentials are given both by HTTP Basic and in the body; give them once');
  }
  const given = basic ?? (id === undefined || secret === undefined ? undefined : { id, secret });
  if (given === undefined) {
    throw refusal(401, 'invalid_client', 'client_id and client_secret are missing', BASIC_CHALLENGE);
  }
  // By address, too, so that nobody can lock a client out from elsewhere.
  const who = `${address} ${given.id.slice(0, LONGEST_ID)}`;
  const waitS = attempts.waitS(who);
  if (waitS > 0) throw tooMany(waitS);
  const client = clients.authenticate(given.id, given.secret);
  if (client !== undefined) {
    attempts.succeeded(who);
    return client;
  }
  attempts.failed(who);
  throw refusal(401, 'invalid_client', 'the client is unknown or its secret is wrong', basic && BASIC_CHALLENGE);
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded first, then joined as RFC 7617 says. */
function basicCredentials(header: string): { id: string; secret: string } {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2})$/i.exec(header)?.[1];
  const text = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) throw refusal(400, 'invalid_request', 'the Authorization header is not HTTP Basic with client id and secret');
  return { id: formDecode(text.slice(0, colon)), secret: formDecode(text.slice(colon + 1)) };
}

/** Clients that do not encode are understood too, where their text is no valid encoding. */
function formDecode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** RFC 6749 section 3.2: no parameter more than once; one without a value counts as left out. */
function parameter(form: URLSearchParams, name: string): string | undefined {
  const values = form.getAll(name);
  if (values.length > 1) throw refusal(400, 'invalid_request', `${name} is given more than once`);
  return values[0] || undefined;
}

/** The wanted scopes that the client has; all of its own when it wants none in particular. */
function grant(own: readonly string[], wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return own;
  const names = new Set(wanted.split(/\s+/));
  const granted = own.filter((scope) => names.has(scope));
  if (granted.length > 0) return granted;
  throw refusal(400, 'invalid_scope', `this client has none of these scopes; it has: ${own.join(' ')}`);
}

/** RFC 6585 section 4: whoever guesses secrets has to wait. */
function tooMany(waitS: number): Problem {
  return new Problem(429, `this client has failed too often; try again in ${waitS} s`, {
    headers: { ...NO_STORE, 'retry-after': String(waitS) },
  });
}

/** RFC 6749 section 5.2, and a problem at the same time, as OpenADR asks for on every answer of 400 and above. */
function refusal(status: 400 | 401, error: AuthError['error'], description: string, headers?: Headers): Problem {
  return new Problem(status, description, {
    headers: { ...NO_STORE, ...headers },
    extra: { error, error_description: description },
  });
}
