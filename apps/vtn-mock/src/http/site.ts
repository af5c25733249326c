import swagger from '@fastify/swagger';
import { CONSOLE_PATH } from '@venfleet/console-api';
import { milliseconds } from '@venfleet/core';
import { type TlsIdentity, tlsOptions } from '@venfleet/core/node';
import { type Client, SCOPES, type WireVersion, wire310 } from '@venfleet/openadr';
import Fastify, { type FastifyInstance } from 'fastify';
import { tokenEndpoint } from '../auth/token-endpoint.js';
import { type AttachedConsole, wantsPage } from '../console/attach.js';
import { addHttpFaults } from '../faults/http-faults.js';
import { withListFaults } from '../faults/list-faults.js';
import { addFaultRoutes } from '../faults/operator-routes.js';
import { COLLECTIONS } from '../objects/index.js';
import { addMetrics } from '../ops/metrics.js';
import type { VtnContext } from '../vtn-context.js';
import { clientErrorHandler, errorHandler, pathOf, sendJson } from './errors.js';
import { takeJsonBodies } from './json-body.js';
import { addNotifiers } from './notifiers.js';
import { documentFrame, nameSchemas, tokenDocs } from './openapi.js';
import { Problem, problemBody } from './problem.js';
import { addCollection, refuseOtherMethods } from './routes.js';

/** A wire version and the path below which it is served; '' is the root. */
export interface Mount {
  readonly version: WireVersion;
  readonly prefix: string;
}

/** What a client may cost. Times in milliseconds. */
export interface Limits {
  readonly bodyBytes: number;
  /** The same for events and reports: a day of quarter hours of 627 resources is about 10 MB. */
  readonly largeBodyBytes: number;
  readonly headerBytes: number;
  /** For all headers of a request to arrive. */
  readonly headersTimeoutMs: number;
  /** For the whole of a request to arrive. */
  readonly requestTimeoutMs: number;
  /** For the next request on an open connection. */
  readonly keepAliveTimeoutMs: number;
}

export const DEFAULT_LIMITS: Limits = {
  bodyBytes: 1024 * 1024,
  largeBodyBytes: 16 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
};

/** Longest id that is looked for; OpenADR's are of 128 characters at most, percent-encoded three times that. */
const MAX_PARAM = 384;

/**
 * A server for one port: the mounted versions, and what belongs to the origin. Not listening yet.
 * @param tls for HTTPS; HTTP without it
 * @param console where the site has one
 */
export async function buildSite(
  context: VtnContext,
  mounts: readonly Mount[],
  limits: Limits,
  tls?: TlsIdentity,
  console?: AttachedConsole,
): Promise<FastifyInstance> {
  const { logger, counts } = context;
  const onError = errorHandler(logger, counts);
  const parser = {
    headersTimeout: limits.headersTimeoutMs,
    maxHeaderSize: limits.headerBytes,
    connectionsCheckingInterval: Math.min(limits.headersTimeoutMs, 5_000),
  };
  const app: FastifyInstance = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    ...(tls === undefined
      ? { http: parser }
      : { https: { ...parser, ...tlsOptions(tls, milliseconds(limits.headersTimeoutMs)) } }),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PARAM },
    frameworkErrors: onError,
    clientErrorHandler,
  });
  app.server.on('request', () => counts.requests++);
  takeJsonBodies(app);
  app.setErrorHandler(onError);
  app.setNotFoundHandler((request, reply) => onError(new Problem(404, `there is nothing at ${pathOf(request)}`), request, reply));
  // Collections check what comes and write the texts they send by themselves; the routes' schemas are documentation.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  app.decorateRequest('caller', undefined);
  logRequests(app, context);
  if (context.faults !== undefined) addHttpFaults(app, context.faults, context.clock);
  for (const mount of mounts)
    await app.register((scope) => mountVersion(scope, context, mount, limits), { prefix: mount.prefix });
  await app.register((scope) => originRoutes(scope, context, mounts, console));
  await app.ready();
  return app;
}

/** One line for each request, at debug level; no hook at all where nobody reads it. */
function logRequests(app: FastifyInstance, { logger }: VtnContext): void {
  if (!logger.isEnabled('debug')) return;
  app.addHook('onResponse', (request, reply, done) => {
    const fields = { method: request.method, path: pathOf(request), status: reply.statusCode };
    logger.debug({ ...fields, ms: Math.round(reply.elapsedTime), client: request.caller?.clientId }, 'request');
    done();
  });
}

async function mountVersion(
  app: FastifyInstance,
  context: VtnContext,
  { version, prefix }: Mount,
  limits: Limits,
): Promise<void> {
  await app.register(swagger, { openapi: documentFrame(version, prefix) as never });
  for (const make of COLLECTIONS[version]) {
    const made = make(context);
    const collection = context.faults === undefined ? made : withListFaults(made, context.faults);
    addCollection(app, context, collection, collection.bodySize === 'large' ? limits.largeBodyBytes : limits.bodyBytes);
  }
  await addTokenRoute(app, context, (client) => client.scopes ?? SCOPES[version][client.role]);
  if (version === '3.1.0') {
    addAuthServer(app, context, prefix);
    addNotifiers(app, context);
  }
  addPublicJson(app, '/.well-known/jwks.json', () => context.tokens.jwks);
  let document: object | undefined;
  addPublicJson(app, '/openapi.json', () => {
    document ??= nameSchemas(app.swagger());
    return document;
  });
}

async function addTokenRoute(
  app: FastifyInstance,
  { clients, tokens, attempts }: VtnContext,
  scopesOf: (client: Client) => readonly string[],
  path = '/auth/token',
) {
  await app.register(tokenEndpoint, { path, clients, tokens, attempts, scopesOf, schema: tokenDocs });
  refuseOtherMethods(app, path, ['POST']);
}

/** OpenADR 3.1, GET /auth/server: where tokens are, as seen by whoever asks. */
function addAuthServer(app: FastifyInstance, { settings }: VtnContext, prefix: string): void {
  const schema = { tags: ['auth'], summary: 'Where tokens are', response: { 200: wire310.AuthServerInfo } };
  app.get('/auth/server', { schema }, (request) => {
    const origin = settings.publicUrl ?? `${request.protocol}://${request.host}`;
    return { tokenURL: `${origin}${prefix}/auth/token` };
  });
  refuseOtherMethods(app, '/auth/server', ['GET']);
}

function addPublicJson(app: FastifyInstance, url: string, content: () => object): void {
  app.get(url, { schema: { hide: true } }, (_request, reply) => sendJson(reply, 200, JSON.stringify(content())));
  refuseOtherMethods(app, url, ['GET']);
}

/** What does not belong to one version. Where a version is mounted at the root, it has its own token route and keys. */
async function originRoutes(
  app: FastifyInstance,
  context: VtnContext,
  mounts: readonly Mount[],
  console: AttachedConsole | undefined,
): Promise<void> {
  const { store } = context;
  addPublicJson(app, '/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { hide: true } }, (_request, reply) => {
    try {
      store.read(() => store.db.pragma('user_version'));
      return sendJson(reply, 200, '{"status":"ready"}');
    } catch {
      return sendJson(reply, 503, JSON.stringify(problemBody(503, 'the store does not answer')));
    }
  });
  refuseOtherMethods(app, '/readyz', ['GET']);
  addMetrics(app, context);
  addOutcomes(app, context);
  addFaultRoutes(app, context);
  console?.addTo(app);
  addIndex(app, mounts, console !== undefined);
  const scopesOf = ({ scopes, role }: Client) => scopes ?? [...new Set(mounts.flatMap((m) => SCOPES[m.version][role]))];
  // No fault touches this one: who has switched faults on must be able to switch them off.
  await addTokenRoute(app, context, scopesOf, '/operator/auth/token');
  if (mounts.some((mount) => mount.prefix === '')) return;
  await addTokenRoute(app, context, scopesOf);
  addPublicJson(app, '/.well-known/jwks.json', () => context.tokens.jwks);
}

/** Not OpenADR: tells an operator whom the notifications on an object have reached. */
function addOutcomes(app: FastifyInstance, { notifications, authorizer }: VtnContext): void {
  const url = '/operator/notifications/:objectID';
  const onRequest = authorizer({ scope: 'read_all', roles: ['BL'] });
  app.get(url, { schema: { hide: true }, onRequest }, (request, reply) => {
    const { objectID } = request.params as { objectID: string };
    sendJson(reply, 200, JSON.stringify(notifications.outcomes.of(objectID)));
  });
  refuseOtherMethods(app, url, ['GET']);
}

/** What there is; whoever comes with a browser is shown to the console. */
function addIndex(app: FastifyInstance, mounts: readonly Mount[], hasConsole: boolean): void {
  app.get('/', { schema: { hide: true } }, (request, reply) => {
    reply.header('vary', 'accept');
    if (hasConsole && wantsPage(request)) return reply.redirect(CONSOLE_PATH);
    return sendJson(reply, 200, JSON.stringify(indexOf(mounts)));
  });
  refuseOtherMethods(app, '/', ['GET']);
}

function indexOf(mounts: readonly Mount[]): object {
  const versions = mounts.map(({ version, prefix }) => [
    version,
    { url: prefix || '/', openapi: `${prefix}/openapi.json`, token: `${prefix}/auth/token` },
  ]);
  return {
    name: 'venfleet VTN mock',
    openadr: Object.fromEntries(versions),
    jwks: '/.well-known/jwks.json',
    health: ['/healthz', '/readyz'],
    metrics: '/metrics',
  };
}
