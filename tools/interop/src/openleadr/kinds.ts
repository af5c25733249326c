import type { WireVersion } from '@venfleet/openadr';

export type OpenleadrVersion = '0.1.4' | '0.2.4';

/** What differs between the releases of openleadr-vtn, before any agent meets them. */
export interface OpenleadrKind {
  readonly version: OpenleadrVersion;
  readonly speaks: WireVersion;
  readonly cargoFeatures: readonly string[];
  /** It listens there whatever it is told. */
  readonly fixedPort?: number;
  /** The settings that it takes from its environment. */
  environment(port: number): NodeJS.ProcessEnv;
  /** The first user, who makes all the others; the VTN itself makes none. */
  readonly firstUser: { readonly clientId: string; readonly clientSecret: string; readonly sql: string };
  /** Whether a user of the VEN role is tied to a ven that exists already. */
  readonly venFirst: boolean;
  /** It does not delete a ven while there are reports of it, which only business logic may delete. */
  readonly reportsKeepVen: boolean;
  /** The body of POST /users for business logic, and for the VEN whose id at the VTN is `venId`. */
  businessUser(reference: string): object;
  venUser(reference: string, venId: string | undefined): object;
}

/** As in openleadr-rs's fixtures/users.sql, of the secret `bl-client`. */
const HASH = '$argon2id$v=19$m=16,t=2,p=1$MWt1QVNFdHdlZVJhNEZzUA$Rmkguwgaz+A2GWIaDRtv8w';

export const KINDS: readonly OpenleadrKind[] = [
  {
    version: '0.1.4',
    speaks: '3.0.1',
    cargoFeatures: [],
    fixedPort: 3000,
    environment: () => ({}),
    firstUser: {
      clientId: 'admin',
      clientSecret: 'bl-client',
      sql: `INSERT INTO "user" VALUES ('admin', 'admin-ref', NULL, now(), now());
            INSERT INTO user_credentials VALUES ('admin', 'admin', '${HASH}');
            INSERT INTO user_manager VALUES ('admin');
            INSERT INTO ven_manager VALUES ('admin');
            INSERT INTO any_business_user VALUES ('admin');`,
    },
    venFirst: true,
    reportsKeepVen: true,
    businessUser: (reference) => ({
      reference,
      description: null,
      roles: [{ role: 'AnyBusiness' }, { role: 'VenManager' }],
    }),
    venUser: (reference, id) => ({ reference, description: null, roles: [{ role: 'VEN', id }] }),
  },
  {
    version: '0.2.4',
    speaks: '3.1.0',
    cargoFeatures: ['internal-oauth'],
    environment: (port) => ({ PORT: String(port), OAUTH_TOKEN_URL: `http://127.0.0.1:${port}/auth/token` }),
    firstUser: {
      clientId: 'admin',
      clientSecret: 'bl-client',
      sql: `INSERT INTO "user" (id, reference, description, scopes, created, modified)
            VALUES ('admin', 'admin-ref', NULL, '{"read_all","write_users"}', now(), now());
            INSERT INTO user_credentials (user_id, client_id, client_secret) VALUES ('admin', 'admin', '${HASH}');`,
    },
    venFirst: false,
    reportsKeepVen: false,
    businessUser: (reference) => ({
      reference,
      scope: ['read_all', 'write_programs', 'write_events', 'write_vens_bl', 'write_subscriptions_bl'],
    }),
    venUser: (reference) => ({
      reference,
      scope: ['read_targets', 'read_ven_objects', 'write_reports', 'write_subscriptions_ven', 'write_vens_ven'],
    }),
  },
];
