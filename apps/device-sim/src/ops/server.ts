import type { AddressInfo } from 'node:net';
import swagger from '@fastify/swagger';
import { describeError, isVenfleetError, type Logger, systemCode, VenfleetError } from '@venfleet/core';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import type { Fault, FaultRegistry } from '../faults/registry.js';
import type { FaultSpec } from '../faults/spec.js';
import type { Simulator } from '../fleet/simulator.js';
import { simulatorStats } from '../fleet/stats.js';
import { controlDevice, type DeviceFilter, listDevices, readDevice } from '../fleet/view.js';
import type { ControlWrite } from '../models/model.js';
import { SimulatorMetrics } from './metrics.js';
import * as schemas from './schemas.js';

export interface OpsServerOptions {
  readonly simulator: Simulator;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly logger: Logger;
}

const STATUS_OF: Readonly<Record<string, number>> = {
  DEVICE_UNKNOWN: 404,
  FAULT_UNKNOWN: 404,
  SIM_WRITE_REFUSED: 400,
  FAULT_INVALID: 400,
};
const PROBLEMS = { 400: schemas.Problem, 404: schemas.Problem };

/** The simulator's own HTTP view: list, read, set, faults, statistics, health, metrics. */
export class OpsServer {
  readonly #options: OpsServerOptions;
  #app: FastifyInstance | undefined;

  constructor(options: OpsServerOptions) {
    this.#options = options;
  }

  /** @returns its base URL. @throws VenfleetError PORT_TAKEN or LISTEN_FAILED */
  async start(): Promise<string> {
    const { simulator, host, port, logger } = this.#options;
    const app = await buildOps(simulator, logger.child({ component: 'ops' }));
    try {
      await app.listen({ host, port });
    } catch (cause) {
      await app.close();
      throw listenError(cause, host, port);
    }
    this.#app = app;
    const address = app.server.address() as AddressInfo;
    return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  async stop(): Promise<void> {
    const app = this.#app;
    this.#app = undefined;
    app?.server.closeAllConnections();
    await app?.close();
  }
}

async function buildOps(simulator: Simulator, logger: Logger): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 64 * 1024,
    requestTimeout: 10_000,
    ajv: { customOptions: { removeAdditional: false, allErrors: true } },
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => sendProblem(error, reply, logger));
  app.setNotFoundHandler((request, reply) =>
    reply
      .status(404)
      .send({ code: 'NOT_FOUND', message: `there is nothing at ${request.url}`, hint: '/openapi.json says what there is' }),
  );
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'venfleet device simulator', version: '1', description: 'Control and view of the simulated devices.' },
    },
  });
  // In a plugin of its own, so that the document sees its routes.
  await app.register(async (routes) => {
    addDevices(routes, simulator);
    addFaults(routes, simulator.faults, simulator);
    addHealth(routes, simulator);
    routes.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  });
  await app.ready();
  return app;
}

function addDevices(app: FastifyInstance, simulator: Simulator): void {
  app.get<{ Querystring: DeviceFilter & { offset: number; limit: number } }>(
    '/v1/devices',
    {
      schema: {
        summary: 'The simulated resources, by pages',
        querystring: schemas.DeviceQuery,
        response: { 200: schemas.DevicePage, 400: schemas.Problem },
      },
    },
    ({ query: { offset, limit, ...filter } }) => listDevices(simulator, filter, offset, limit),
  );
  app.get<{ Params: { id: string } }>(
    '/v1/devices/:id',
    {
      schema: {
        summary: 'What the meter and the controller of a resource say now',
        response: { 200: schemas.Reading, ...PROBLEMS },
      },
    },
    ({ params: { id } }) => readDevice(simulator, id),
  );
  app.patch<{ Params: { id: string }; Body: ControlWrite }>(
    '/v1/devices/:id/control',
    {
      schema: {
        summary: 'Writes to the controller of a resource',
        body: schemas.Control,
        response: { 200: schemas.Reading, ...PROBLEMS },
      },
    },
    ({ params: { id }, body }) => controlDevice(simulator, id, { ...body } as Parameters<typeof controlDevice>[2]),
  );
}

function addFaults(app: FastifyInstance, faults: FaultRegistry, simulator: Simulator): void {
  app.get('/v1/faults', { schema: { summary: 'The faults in force', response: { 200: schemas.FaultList } } }, () => ({
    faults: faults.list().map((fault) => faultView(fault, simulator)),
  }));
  app.post<{ Body: FaultSpec }>(
    '/v1/faults',
    // The registry checks the body itself, with every mistake and what is wrong only in combination.
    {
      schema: {
        summary: 'Puts a fault in force',
        body: schemas.FaultSpec,
        response: { 201: schemas.Fault, 400: schemas.Problem },
      },
      validatorCompiler: () => () => true,
    },
    async ({ body }, reply) => reply.status(201).send(faultView(faults.add(body), simulator)),
  );
  app.delete('/v1/faults', { schema: { summary: 'Clears all faults', response: { 200: schemas.Cleared } } }, () => ({
    cleared: faults.clearAll(),
  }));
  app.delete<{ Params: { id: string } }>(
    '/v1/faults/:id',
    { schema: { summary: 'Clears one fault', response: { 200: schemas.Fault, ...PROBLEMS } } },
    ({ params: { id } }) => faultView(faults.clear(Number(id)), simulator),
  );
}

function faultView(fault: Fault, simulator: Simulator) {
  const { id, spec, since, until } = fault;
  let devices = 0;
  for (const { site, meter, controller } of simulator.devices.values()) {
    const gateways = [meter, controller].map((place) =>
      place?.protocol === 'MODBUSTCP' ? `${place.host}:${place.port}` : undefined,
    );
    const { resourceId, ven } = site.resource;
    if (gateways.some((gateway) => simulator.faults.hits(fault, { device: resourceId, city: ven, gateway }))) devices++;
  }
  return {
    id,
    spec,
    since: new Date(since).toISOString(),
    until: until === undefined ? null : new Date(until).toISOString(),
    devices,
  };
}

function addHealth(app: FastifyInstance, simulator: Simulator): void {
  const metrics = new SimulatorMetrics(simulator);
  app.get('/v1/stats', { schema: { summary: 'Exact counts, and what has happened', response: { 200: schemas.Stats } } }, () =>
    simulatorStats(simulator),
  );
  app.get('/healthz', { schema: { summary: 'Whether the process answers' } }, () => ({ status: 'ok' }));
  app.get('/readyz', { schema: { summary: 'Whether all gateways and the broker are there' } }, async (_request, reply) =>
    reply.status(simulator.isReady ? 200 : 503).send({ status: simulator.isReady ? 'ready' : 'not ready' }),
  );
  app.get('/metrics', { schema: { summary: 'Prometheus metrics' } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.text()),
  );
}

function sendProblem(error: FastifyError, reply: FastifyReply, logger: Logger): FastifyReply {
  if (isVenfleetError(error)) {
    const { code, message, hint, details } = error;
    return reply.status(STATUS_OF[code] ?? 500).send({ code, message, ...(hint === undefined ? {} : { hint }), details });
  }
  const status = error.validation === undefined ? (error.statusCode ?? 500) : 400;
  if (status >= 500) logger.error({ reason: describeError(error) }, 'a request failed');
  const message = status >= 500 ? 'the simulator failed; its log says why' : error.message;
  return reply.status(status).send({ code: status >= 500 ? 'INTERNAL' : 'BAD_REQUEST', message });
}

function listenError(cause: unknown, host: string, port: number): VenfleetError {
  const taken = systemCode(cause) === 'EADDRINUSE';
  const reason = taken ? 'is in use by another program' : `cannot be listened on: ${describeError(cause)}`;
  return new VenfleetError(taken ? 'PORT_TAKEN' : 'LISTEN_FAILED', `port ${port} of ${host}, for the HTTP view, ${reason}`, {
    cause,
    context: { host, port },
    hint: 'choose another port with --ops-port; 0 takes a free one',
  });
}
