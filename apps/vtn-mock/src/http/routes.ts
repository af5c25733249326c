import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import type { VtnContext } from '../vtn-context.js';
import type { Call, Collection } from './collection.js';
import { refuseDeep } from './depth.js';
import { sendJson } from './errors.js';
import type { JsonText } from './json.js';
import { collectionDocs } from './openapi.js';
import { Problem } from './problem.js';

/** Lists have this many objects at most, and when nothing is asked for (OpenADR 3, query parameter `limit`). */
const PAGE = 50;

/**
 * Adds the five routes of a collection, and 405 for every other method.
 * @param bodyLimit of its bodies, in bytes
 */
export function addCollection(app: FastifyInstance, context: VtnContext, collection: Collection, bodyLimit: number): void {
  const { store, authorizer, settings } = context;
  const { path, idParam, checkBody, parseQuery } = collection;
  const item = `${path}/:${idParam}`;
  const docs = collectionDocs(collection);
  const mayRead = authorizer({ scope: collection.readScope, roles: ['BL', 'VEN'] });
  const mayWrite = authorizer({ scope: collection.writeScope, roles: collection.writers });

  const checkWhole = ({ body, headers }: FastifyRequest) => {
    refuseDeep(body, headers['content-length']);
    checkBody(body);
  };
  // Fastify is not given the promise: awaiting it once more would cost each request a little.
  const write = (reply: FastifyReply, status: number, work: () => JsonText) => {
    store.write(work).then(
      (text) => sendJson(reply, status, text),
      (error) => reply.send(error),
    );
  };

  const writeBody = (request: FastifyRequest, reply: FastifyReply, status: number, work: () => JsonText) => {
    checkWhole(request);
    if (collection.prepare === undefined) return write(reply, status, work);
    collection.prepare(callOf(request)).then(
      () => write(reply, status, work),
      (error) => reply.send(error),
    );
  };

  app.get(path, { schema: docs.list, onRequest: mayRead }, (request, reply) => {
    const query = parseQuery(request.query);
    if (query.limit === 0 && settings.limitZero === 'refuse') throw new Problem(400, 'in the query: limit: must be at least 1');
    const page = { skip: query.skip ?? 0, limit: query.limit ?? PAGE };
    const texts = store.read(() => collection.list({ ...callOf(request), query, page }));
    sendJson(reply, 200, `[${texts.join(',')}]`);
  });
  app.post(path, { schema: docs.create, onRequest: mayWrite, bodyLimit }, (request, reply) => {
    writeBody(request, reply, 201, () => collection.create(callOf(request)));
  });
  app.get(item, { schema: docs.read, onRequest: mayRead }, (request, reply) => {
    const text = store.read(() => collection.read(callOf(request)));
    sendJson(reply, 200, text);
  });
  app.put(item, { schema: docs.replace, onRequest: mayWrite, bodyLimit }, (request, reply) => {
    writeBody(request, reply, 200, () => collection.replace(callOf(request)));
  });
  app.delete(item, { schema: docs.remove, onRequest: mayWrite }, (request, reply) => {
    write(reply, 200, () => collection.remove(callOf(request)));
  });
  refuseOtherMethods(app, path, ['GET', 'POST']);
  refuseOtherMethods(app, item, ['GET', 'PUT', 'DELETE']);
}

/** Who asks for what. */
export function callOf({ caller, params, body }: FastifyRequest): Call & { readonly body: unknown } {
  // A route without an authorizer would be a mistake of ours; there is no caller to invent then.
  if (caller === undefined) throw new Error('route without authorizer');
  return { caller, params: params as Record<string, string>, body };
}

/** Answers every other method on a path with 405 and what is allowed (RFC 9110 section 15.5.6). */
export function refuseOtherMethods(app: FastifyInstance, url: string, allowed: readonly HTTPMethods[]): void {
  const answered = allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed;
  const allow = answered.join(', ');
  app.route({
    method: app.supportedMethods.filter((method) => !answered.includes(method)) as HTTPMethods[],
    url,
    schema: { hide: true },
    onRequest: (request, _reply, done) =>
      done(new Problem(405, `${request.method} is not for this path; it has ${allow}`, { headers: { allow } })),
    handler: () => undefined,
  });
}
