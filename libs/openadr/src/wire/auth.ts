import { type Static, Type } from './schema.js';
import { uri } from './uri.js';

const credential = (description: string) => Type.String({ minLength: 1, maxLength: 4096, description });
const scope = Type.Optional(
  Type.String({ maxLength: 4096, description: 'Scopes, separated by spaces.', examples: ['read_all'] }),
);

export const TokenRequest = Type.Object(
  {
    grant_type: Type.Literal('client_credentials'),
    // RFC 6749 section 2.3.1: HTTP Basic is the other place for these two.
    client_id: Type.Optional(credential('Client id, unless given by HTTP Basic.')),
    client_secret: Type.Optional(credential('Client secret, unless given by HTTP Basic.')),
    scope,
  },
  { title: 'TokenRequest', description: 'Form of an OAuth2 client credentials grant, RFC 6749 section 4.4.2.' },
);
export type TokenRequest = Static<typeof TokenRequest>;

export const TokenResponse = Type.Object(
  {
    access_token: credential('Token to present as Bearer.'),
    token_type: Type.Literal('Bearer'),
    expires_in: Type.Optional(Type.Integer({ description: 'Seconds until the token expires.', examples: [3600] })),
    refresh_token: Type.Optional(credential('Token for a renewal.')),
    scope,
  },
  { title: 'TokenResponse', description: 'RFC 6749 section 5.1.' },
);
export type TokenResponse = Static<typeof TokenResponse>;

export const AuthError = Type.Object(
  {
    error: Type.Enum(
      ['invalid_request', 'invalid_client', 'invalid_grant', 'invalid_scope', 'unauthorized_client', 'unsupported_grant_type'],
      { type: 'string', description: 'Reason code.' },
    ),
    error_description: Type.Optional(Type.String({ description: 'Reason in words.' })),
    error_uri: Type.Optional(uri('Where to read more.')),
  },
  { title: 'AuthError', description: 'RFC 6749 section 5.2.' },
);
export type AuthError = Static<typeof AuthError>;

export const Problem = Type.Object(
  {
    type: Type.Optional(uri('Identifies the kind of problem.', { default: 'about:blank' })),
    title: Type.Optional(Type.String({ description: 'The kind of problem in words.', examples: ['Service Unavailable'] })),
    status: Type.Optional(
      Type.Integer({ format: 'int32', minimum: 100, exclusiveMaximum: 600, description: 'HTTP status.', examples: [503] }),
    ),
    detail: Type.Optional(
      Type.String({ description: 'What happened this time.', examples: ['Connection to database timed out'] }),
    ),
    instance: Type.Optional(uri('Identifies this occurrence.')),
  },
  { title: 'Problem', description: 'RFC 7807 problem, the body of each answer of 400 and above.' },
);
export type Problem = Static<typeof Problem>;

/** OpenADR roles: business logic at the utility, and virtual end node. */
export type Role = 'BL' | 'VEN';

/**
 * The scopes that a client of each role is granted. OpenADR 3.0.1 and 3.1 YAML, securitySchemes; 3.1 uses a `read_bl`
 * that it never declares: `read_all` stands for it.
 */
export const SCOPES = {
  '3.0.1': {
    VEN: ['read_all', 'write_reports', 'write_subscriptions', 'write_vens'],
    BL: ['read_all', 'write_programs', 'write_events', 'write_subscriptions', 'write_vens'],
  },
  '3.1.0': {
    VEN: ['read_targets', 'read_ven_objects', 'write_reports', 'write_subscriptions', 'write_vens'],
    BL: ['read_all', 'write_programs', 'write_events', 'write_subscriptions', 'write_vens'],
  },
} as const satisfies Record<string, Record<Role, readonly string[]>>;
