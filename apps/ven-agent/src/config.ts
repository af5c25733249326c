import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type LogLevel, milliseconds } from '@venfleet/core';
import { loadConfigFile, resolveSecret, usageError } from '@venfleet/core/node';
import { z } from 'zod';
import { type AlertsSettings, alertsSchema, alertsSettings } from './alerts/config.js';
import { type ClockSettings, clockSchema, clockSettings } from './clock/config.js';
import { secretRef } from './config-parts.js';
import { type ControlSettings, controlSchema, controlSettings } from './control/config.js';
import { type EventsSettings, eventsSchema, eventsSettings } from './events/config.js';
import type { PlanningPolicy } from './planning/policy.js';
import { planningPolicy, planningSchema } from './planning-config.js';
import { type ReadingsSettings, readingsSchema, readingsSettings } from './readings/config.js';
import { meteringSchema, opsSchema, type RunSettings, reportingSchema, runSettings } from './run/config.js';
import { type ClientSecret, parseMdns, type VtnSettings } from './vtn.js';

export const DEFAULT_CONFIG_FILE = 'config/ven-agent.yaml';
const DEFAULT_VTN_URL = 'http://localhost:8000/openadr3/3.0.1';
const VERSIONS = ['auto', '3.0.1', '3.1.0'] as const;

const clientSchema = z.strictObject({
  id: z.string().min(1).meta({ description: 'the OAuth2 client id' }),
  secret: secretRef.meta({ description: 'where its secret is: `env:NAME` or `file:PATH`' }),
});

/** config/ven-agent.yaml. What `meta` says of a key is in docs/configuration.md, which `npm run docs` writes. */
export const configSchema = z.strictObject({
  version: z.literal(1).meta({ description: 'of this file’s form; the one key that must be there' }),
  vtn: z
    .strictObject({
      url: z
        .union([z.url({ protocol: /^https?$/ }), z.string().regex(/^mdns(\+http)?:/)], {
          error: 'must be an http or https URL, or mdns: for a VTN that announces itself',
        })
        .meta({
          description:
            'base URL, with the version’s path where the VTN has one; `mdns:` or `mdns:NAME` for a VTN with TLS that announces itself on the local network, `mdns+http:` for one without, too',
          default: DEFAULT_VTN_URL,
          env: 'VENFLEET_VTN_URL',
        }),
      version: z.enum(VERSIONS).meta({
        description: 'the OpenADR version that it speaks; `auto` finds it out',
        default: 'auto',
        env: 'VENFLEET_VTN_VERSION',
      }),
      tokenUrl: z.url({ protocol: /^https?$/ }).meta({
        description: 'the token endpoint',
        otherwise: 'the one that the VTN announces (3.1), or `auth/token` below its URL',
      }),
      auth: z.boolean().meta({ description: '`false`: no token is asked for or sent', default: true }),
      credentials: z.string().min(1).meta({
        description: 'file with an OAuth2 client for each VEN, and perhaps one for business logic',
        otherwise: '`config/dev-credentials.json`, unless `client` is given',
        env: 'VENFLEET_CREDENTIALS',
      }),
      client: clientSchema.meta({
        description: 'the client of an agent of one VEN; goes before `credentials`',
        env: 'VENFLEET_CLIENT_ID, VENFLEET_CLIENT_SECRET',
      }),
      businessClient: clientSchema.meta({
        description: 'a client of business logic, where only such may create VENs',
        env: 'VENFLEET_BL_CLIENT_ID, VENFLEET_BL_CLIENT_SECRET',
      }),
      caFile: z.string().min(1).meta({ description: 'certificate authorities (PEM) to trust instead of the system’s' }),
      verifyTls: z
        .boolean()
        .meta({ description: '`false` turns certificate checks off: for tests on a private network alone', otherwise: '`true`' }),
      connections: z.int().min(1).max(1024).meta({
        description: 'connections, and requests in flight, at most; fewer are used when the VTN is slow or says 429',
        otherwise: '64',
      }),
      requestTimeoutMs: z.int().min(100).max(600_000).meta({ description: 'how long one request may take', otherwise: '30,000' }),
    })
    .partial()
    .optional()
    .meta({ description: 'which VTN, and how to talk to it ([swapping in a real VTN](swapping-in-a-real-vtn.md))' }),
  database: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the resource database', default: 'config/resources.db', env: 'VENFLEET_DB' }),
  state: z.string().min(1).optional().meta({
    description: 'what the agent remembers, such as the VTN’s ids; files that are not named lie beside it',
    default: '.venfleet/ven-agent.db',
    env: 'VENFLEET_STATE',
  }),
  readings: readingsSchema.optional().meta({ description: 'what meters said, kept and copied ([readings](readings.md))' }),
  outbox: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'reports planned and on their way', otherwise: '`outbox.db` beside the state', env: 'VENFLEET_OUTBOX' }),
  metering: meteringSchema.optional().meta({ description: 'how meters are read ([metering](metering.md))' }),
  reporting: reportingSchema.optional().meta({ description: 'what is reported ([reporting](reporting.md))' }),
  events: eventsSchema.optional().meta({ description: 'the VTN’s events ([events](events.md))' }),
  planning: planningSchema.optional().meta({ description: 'what events come to ([planning](planning.md))' }),
  control: controlSchema.optional().meta({ description: 'how controllers are held to what is planned ([control](control.md))' }),
  ops: opsSchema.optional(),
  clock: clockSchema.optional().meta({ description: 'a clock that may be wrong at the start ([operations](operations.md))' }),
  alerts: alertsSchema
    .optional()
    .meta({ description: 'what an operator is told without Prometheus ([monitoring](monitoring.md))' }),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'])
    .optional()
    .meta({ description: 'the least level to log', default: 'warn' }),
});

type ConfigFile = z.infer<typeof configSchema>;

/** Options of the command line that go before the environment and the file. */
export interface ConfigFlags {
  readonly config?: string;
  readonly vtnUrl?: string;
  readonly vtnVersion?: string;
  readonly credentials?: string;
  /** False for --no-auth. */
  readonly auth?: boolean;
  readonly db?: string;
  readonly state?: string;
  readonly outbox?: string;
  readonly events?: string;
  readonly profiles?: string;
  readonly opsPort?: number;
  readonly logLevel?: string;
}

/** Where each of the agent's databases is. */
export interface DatabasePaths {
  readonly db: string;
  readonly state: string;
  readonly outbox: string;
  readonly events: string;
  readonly decisions: string;
  readonly readings: string;
  /** What waits for InfluxDB. */
  readonly copySpool: string;
}

export interface AgentConfig {
  readonly vtn: VtnSettings;
  readonly db: string;
  readonly state: string;
  readonly outbox: string;
  readonly decisions: string;
  readonly events: EventsSettings;
  readonly readings: ReadingsSettings;
  readonly run: RunSettings;
  readonly control: ControlSettings;
  /** What is done about a wall clock that may be wrong. */
  readonly wallClock: ClockSettings;
  /** What planning leaves to the operator. */
  readonly planning: PlanningPolicy;
  readonly alerts: AlertsSettings;
  readonly logLevel: LogLevel;
}

/**
 * The agent's settings: command line, then environment (VENFLEET_…), then the file, then defaults.
 * @param env the environment; only main.ts reads the real one.
 * @throws VenfleetError CONFIG_INVALID, FILE_UNREADABLE, SECRET_…, USAGE
 */
export function loadAgentConfig(flags: ConfigFlags, env: NodeJS.ProcessEnv): AgentConfig {
  const file = readFile(flags.config ?? env.VENFLEET_CONFIG);
  const vtn = file.vtn ?? {};
  const url = httpUrl(flags.vtnUrl ?? env.VENFLEET_VTN_URL ?? vtn.url ?? DEFAULT_VTN_URL);
  const version = oneOf('VTN version', flags.vtnVersion ?? env.VENFLEET_VTN_VERSION ?? vtn.version ?? 'auto', VERSIONS);
  const noAuth = flags.auth === false || (vtn.auth === false && flags.credentials === undefined);
  const client = noAuth ? undefined : clientSecret('VENFLEET_CLIENT', vtn.client, env);
  const business = noAuth ? undefined : clientSecret('VENFLEET_BL_CLIENT', vtn.businessClient, env);
  const credentials =
    flags.credentials ??
    env.VENFLEET_CREDENTIALS ??
    vtn.credentials ??
    (client === undefined ? 'config/dev-credentials.json' : undefined);
  const paths = databasePaths(file, flags, env);
  return {
    vtn: {
      url,
      noAuth,
      ...(version === 'auto' ? {} : { version }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(client === undefined ? {} : { client }),
      ...(business === undefined ? {} : { business }),
      ...(vtn.tokenUrl === undefined ? {} : { tokenUrl: vtn.tokenUrl }),
      ...(vtn.caFile === undefined ? {} : { caFile: vtn.caFile }),
      ...(vtn.verifyTls === undefined ? {} : { verifyTls: vtn.verifyTls }),
      ...(vtn.connections === undefined ? {} : { connections: vtn.connections }),
      ...(vtn.requestTimeoutMs === undefined ? {} : { requestTimeout: milliseconds(vtn.requestTimeoutMs) }),
    },
    db: paths.db,
    state: paths.state,
    outbox: paths.outbox,
    decisions: paths.decisions,
    events: eventsSettings(file.events ?? {}, paths.events, url),
    run: runSettings({
      ...file,
      metering: { ...file.metering, ...(flags.profiles === undefined ? {} : { profiles: flags.profiles }) },
      ops: { ...file.ops, ...(flags.opsPort === undefined ? {} : { port: flags.opsPort }) },
    }),
    planning: planningPolicy(file.planning),
    control: controlSettings(file.control),
    wallClock: clockSettings(file.clock),
    readings: readingsSettings(file.readings ?? {}, env, paths),
    alerts: alertsSettings(file.alerts, env, dirname(paths.state)),
    logLevel: oneOf('log level', flags.logLevel ?? file.logLevel ?? 'warn', ['debug', 'info', 'warn', 'error'] as const),
  };
}

/**
 * Where the databases are, without the rest of the settings: their secrets need not be at hand.
 * @throws VenfleetError CONFIG_INVALID, FILE_UNREADABLE
 */
export function loadDatabasePaths(flags: ConfigFlags, env: NodeJS.ProcessEnv): DatabasePaths {
  return databasePaths(readFile(flags.config ?? env.VENFLEET_CONFIG), flags, env);
}

/**
 * Where an agent with these settings serves its health and metrics; nothing else of them need be at hand, either.
 * @throws VenfleetError CONFIG_INVALID, FILE_UNREADABLE
 */
export function loadOpsAddress({ config }: Pick<ConfigFlags, 'config'>, env: NodeJS.ProcessEnv): RunSettings['ops'] {
  return runSettings(readFile(config ?? env.VENFLEET_CONFIG)).ops;
}

/** What is not named lies beside the state. */
function databasePaths(file: ConfigFile, flags: ConfigFlags, env: NodeJS.ProcessEnv): DatabasePaths {
  const state = flags.state ?? env.VENFLEET_STATE ?? file.state ?? '.venfleet/ven-agent.db';
  const beside = (name: string) => join(dirname(state), name);
  return {
    db: flags.db ?? env.VENFLEET_DB ?? file.database ?? 'config/resources.db',
    state,
    outbox: flags.outbox ?? env.VENFLEET_OUTBOX ?? file.outbox ?? beside('outbox.db'),
    events: flags.events ?? env.VENFLEET_EVENTS ?? file.events?.database ?? beside('events.db'),
    decisions: beside('decisions.db'),
    readings: file.readings?.database ?? beside('readings.db'),
    copySpool: file.readings?.influx?.spool ?? beside('readings-copy.db'),
  };
}

/** The default file need not be there; one that was asked for must. */
function readFile(path: string | undefined): ConfigFile {
  if (path === undefined && !existsSync(DEFAULT_CONFIG_FILE)) return { version: 1 };
  return loadConfigFile(path ?? DEFAULT_CONFIG_FILE, configSchema, 'config/ven-agent.example.yaml shows every setting');
}

function clientSecret(
  prefix: string,
  configured: z.infer<typeof clientSchema> | undefined,
  env: NodeJS.ProcessEnv,
): ClientSecret | undefined {
  const [id, secret] = [env[`${prefix}_ID`], env[`${prefix}_SECRET`]];
  if (id !== undefined && secret !== undefined) return { clientId: id, clientSecret: secret };
  if (id !== undefined || secret !== undefined) {
    throw usageError(`${prefix}_ID and ${prefix}_SECRET belong together, but only one is set`, 'set both, or neither');
  }
  return configured === undefined ? undefined : { clientId: configured.id, clientSecret: resolveSecret(configured.secret, env) };
}

function httpUrl(text: string): string {
  // A VTN that is to be found on the local network.
  if (parseMdns(text) !== undefined) return text;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw usageError(`the VTN URL ${text} is no URL`, `it looks like ${DEFAULT_VTN_URL}`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageError(
      `the VTN URL must begin with http:// or https://, not ${url.protocol}//`,
      `it looks like ${DEFAULT_VTN_URL}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw usageError(
      'the VTN URL must not hold a user or password',
      'put credentials into the credentials file or the environment',
    );
  }
  if (url.search !== '' || url.hash !== '') throw usageError(`the VTN URL must end with its path: ${text}`, 'leave out ? and #');
  return url.href.replace(/\/+$/, '');
}

function oneOf<T extends string>(what: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw usageError(`unknown ${what} ${value}`, `it is one of ${allowed.join(', ')}`);
  return found;
}
