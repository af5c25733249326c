import { wire310 } from '@venfleet/openadr';
import type { FastifyInstance } from 'fastify';
import type { Caller } from '../auth/caller.js';
import { COLLECTION_PATHS, topicsOf, VEN_PATHS } from '../notify/mqtt/topics.js';
import type { VtnContext } from '../vtn-context.js';
import { sendJson } from './errors.js';
import { readingDocs } from './openapi.js';
import { notFound, Problem } from './problem.js';
import { callOf, refuseOtherMethods } from './routes.js';

const TOPICS = '/notifiers/mqtt/topics';

/** OpenADR 3.1: how to be told of changes, and over which topics. */
export function addNotifiers(app: FastifyInstance, context: VtnContext): void {
  const { authorizer, notifications } = context;
  // By the letter this takes read_all, which VENs do not have, though it is for them: any valid token will do.
  const docs = readingDocs({ tag: 'notifiers', summary: 'How to be told of changes', object: wire310.Notifiers });
  app.get('/notifiers', { schema: docs, onRequest: authorizer({ roles: ['BL', 'VEN'] }) }, (request, reply) => {
    const mqtt = notifications.mqtt?.notifier(request.hostname);
    sendJson(reply, 200, JSON.stringify({ WEBHOOK: true, ...(mqtt === undefined ? {} : { MQTT: mqtt }) }));
  });
  refuseOtherMethods(app, '/notifiers', ['GET']);

  const business = { scope: 'read_all', roles: ['BL'] } as const;
  for (const path of COLLECTION_PATHS) addTopics(app, context, { ...business, path, single: false });
  const programExists: Check = ({ programs }, _caller, id) => {
    if (programs.byId(id) === undefined) throw notFound('program', id);
  };
  addTopics(app, context, { ...business, path: 'programs/:programID', single: true, check: programExists });
  addTopics(app, context, { ...business, path: 'programs/:programID/events', single: false, check: programExists });
  const venIsTheirs: Check = ({ vens }, { role, clientId }, id) => {
    const ven = vens.byId(id);
    if (ven === undefined || (role === 'VEN' && ven.clientId !== clientId)) throw notFound('ven', id);
  };
  const own = { scope: 'read_ven_objects', roles: ['BL', 'VEN'], check: venIsTheirs } as const;
  addTopics(app, context, { ...own, path: 'vens/:venID', single: true });
  for (const below of VEN_PATHS) addTopics(app, context, { ...own, path: `vens/:venID/${below}`, single: false });
}

/** @throws Problem 404 when the caller may not see the object, or there is none. */
type Check = (context: VtnContext, caller: Caller, id: string) => void;

interface TopicsRoute {
  /** Below the topics' path, with `:name` for a parameter. */
  readonly path: string;
  /** Of one object, which is not created. */
  readonly single: boolean;
  readonly scope: string;
  readonly roles: readonly ('BL' | 'VEN')[];
  readonly check?: Check;
}

function addTopics(app: FastifyInstance, context: VtnContext, { path, single, scope, roles, check }: TopicsRoute): void {
  const { authorizer, notifications, store } = context;
  const param = /:(\w+)/.exec(path)?.[1];
  const schema = readingDocs({
    tag: 'notifiers',
    summary: `Topics of ${path.replace(/:(\w+)/, '{$1}')}`,
    scope,
    params: param === undefined ? [] : [param],
    object: wire310.NotifierTopics,
  });
  const url = `${TOPICS}/${path}`;
  app.get(url, { schema, onRequest: authorizer({ scope, roles }) }, (request, reply) => {
    if (notifications.mqtt === undefined) throw new Problem(404, 'this VTN does not tell of changes by MQTT');
    const { caller, params } = callOf(request);
    const id = param === undefined ? '' : (params[param] ?? '');
    if (check !== undefined) store.read(() => check(context, caller, id));
    sendJson(reply, 200, JSON.stringify(topicsOf(path.replace(/:\w+/, id), single)));
  });
  refuseOtherMethods(app, url, ['GET']);
}
