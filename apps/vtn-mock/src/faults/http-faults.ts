import { type HasSleep, milliseconds } from '@venfleet/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import type { Fault, FaultRegistry, FaultSubject } from './registry.js';
import { FAULT_OBJECTS, type FaultObjects, type FaultOperation } from './spec.js';

/**
 * Has faults happen to what is asked of a site, once its caller is known and before it is carried out. What is not
 * OpenADR (health, keys, documents, operators' pages) is spared.
 */
export function addHttpFaults(app: FastifyInstance, faults: FaultRegistry, clock: HasSleep): void {
  const cutAfterwards = new WeakSet<FastifyRequest>();
  const closing = new AbortController();
  // Answers that are late on purpose must not keep the VTN from stopping.
  app.addHook('preClose', async () => closing.abort());
  app.addHook('preValidation', async (request, reply) => {
    const subject = subjectOf(request);
    if (subject === undefined) return;
    for (const { spec } of faults.hitting('latency', subject)) {
      await clock.sleep(milliseconds(spec.delayMs ?? 1000), closing.signal).catch(() => undefined);
      if (closing.signal.aborted) return cut(request, reply);
    }
    const disconnects = faults.hitting('disconnect', subject);
    if (disconnects.some(({ spec }) => spec.afterWork !== true)) return cut(request, reply);
    if (disconnects.length > 0) cutAfterwards.add(request);
    const [limit] = faults.hitting('rate-limit', subject);
    if (limit !== undefined) throw refusal(limit, 429, 1);
    const [error] = faults.hitting('error', subject);
    if (error !== undefined) throw refusal(error, error.spec.status ?? 500, undefined);
  });
  app.addHook('onSend', async (request, reply) => {
    if (cutAfterwards.has(request)) cut(request, reply);
  });
}

/** The connection ends without a byte of an answer. */
function cut(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.destroy();
  return reply;
}

function refusal({ id, spec }: Fault, status: number, retryAfterS: number | undefined): Problem {
  const after = spec.retryAfterS ?? retryAfterS;
  const headers: Record<string, string> = after === undefined ? {} : { 'retry-after': String(after) };
  return new Problem(status, `fault ${id} of this VTN's operator`, { headers });
}

const OPERATIONS = { GET: 'read', HEAD: 'read', POST: 'create', PUT: 'replace', DELETE: 'delete' } as const;

/** By the route: `/openadr3/3.0.1/vens/:venID/resources` is about resources. */
function subjectOf({ routeOptions, method, caller }: FastifyRequest): FaultSubject | undefined {
  const segments = (routeOptions.url ?? '').split('/').slice(1);
  const objects = objectsOf(segments);
  if (objects === undefined) return undefined;
  const single = segments.at(-1)?.startsWith(':') === true;
  const plain: FaultOperation | undefined = OPERATIONS[method as keyof typeof OPERATIONS];
  const listed = plain === 'read' && !single && objects !== 'notifiers' && objects !== 'tokens';
  const operation = listed ? 'list' : plain;
  return { objects, operation, client: caller?.clientId };
}

function objectsOf(segments: readonly string[]): FaultObjects | undefined {
  if (segments[0] === 'operator') return undefined;
  if (segments.includes('notifiers')) return 'notifiers';
  if (segments.at(-2) === 'auth') return 'tokens';
  return FAULT_OBJECTS.find((name) => name === segments.findLast((segment) => !segment.startsWith(':')));
}
