import { isVenfleetError } from '@venfleet/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { sendJson } from '../http/errors.js';
import { Problem } from '../http/problem.js';
import { refuseOtherMethods } from '../http/routes.js';
import type { VtnContext } from '../vtn-context.js';
import type { Fault, FaultRegistry } from './registry.js';

/** What is said of a fault over HTTP. */
export interface FaultView {
  readonly id: number;
  readonly spec: Fault['spec'];
  readonly since: string;
  /** null: until it is cleared, or has hit as often as it should. */
  readonly until: string | null;
  readonly hits: number;
}

const URL = '/operator/faults';

/** Not OpenADR: faults are added, listed and cleared by business logic, where the VTN was started for it. */
export function addFaultRoutes(app: FastifyInstance, { authorizer, faults, tokens }: VtnContext): void {
  // Whoever may write programs may as well break things.
  const onRequest = authorizer({ scope: 'write_programs', roles: ['BL'] });
  const route = { schema: { hide: true }, onRequest };
  const item = `${URL}/:faultID`;
  app.get(URL, route, (_request, reply) => {
    sendJson(reply, 200, JSON.stringify({ faults: allowed(faults).list().map(viewOf) }));
  });
  app.post(URL, route, (request, reply) => {
    const fault = orProblem(400, () => allowed(faults).add(request.body));
    // An act, which is over at once.
    if (fault.spec.kind === 'expire-tokens') {
      allowed(faults).clear(fault.id);
      tokens.expireAll(fault.spec.client);
    }
    sendJson(reply, 201, JSON.stringify(viewOf(fault)));
  });
  app.delete(URL, route, (_request, reply) => {
    sendJson(reply, 200, JSON.stringify({ cleared: allowed(faults).clearAll() }));
  });
  app.delete(item, route, (request, reply) => {
    sendJson(reply, 200, JSON.stringify(viewOf(orProblem(404, () => allowed(faults).clear(faultIdOf(request))))));
  });
  refuseOtherMethods(app, URL, ['GET', 'POST', 'DELETE']);
  refuseOtherMethods(app, item, ['DELETE']);
}

/** @throws Problem 403 */
function allowed(faults: FaultRegistry | undefined): FaultRegistry {
  if (faults === undefined) throw new Problem(403, 'this VTN makes no faults: it was started without --allow-faults');
  return faults;
}

function orProblem<T>(status: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isVenfleetError(error, 'FAULT_INVALID', 'FAULT_UNKNOWN')) throw error;
    throw new Problem(status, error.message);
  }
}

function faultIdOf({ params }: FastifyRequest): number {
  return Number((params as { faultID: string }).faultID);
}

function viewOf({ id, spec, since, until, hits }: Fault): FaultView {
  const time = (at: number) => new Date(at).toISOString();
  return { id, spec, since: time(since), until: until === undefined ? null : time(until), hits };
}
