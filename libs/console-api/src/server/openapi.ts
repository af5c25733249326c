import { z } from 'zod';
import { API_PATH } from '../paths.js';
import * as schemas from '../schemas.js';

interface Operation {
  readonly summary: string;
  readonly answer: z.ZodType;
  readonly status?: number;
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  /** Needs no token. */
  readonly open?: true;
}

const DryRun = z.object({ dryRun: z.enum(['true', 'false']).optional().describe('true: only check it') });
const Cleared = z.object({ cleared: z.int() });

/** Each route once more, for people and their tools; a test holds it against the routes that there are. */
const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/login': { GET: { summary: 'How to log in', answer: schemas.LoginWays, open: true } },
  '/code': {
    POST: { summary: "Exchanges a login link's code", body: schemas.LoginCode, answer: schemas.TokenAnswer, open: true },
  },
  '/session': { GET: { summary: 'Who is logged in, and what this server can do', answer: schemas.Session } },
  '/overview': { GET: { summary: 'All VENs, the totals, and the events of the day', answer: schemas.Overview } },
  '/stream': {
    GET: {
      summary: 'text/event-stream: snapshot, then delta and heartbeat',
      answer: z.union(Object.values(schemas.StreamEvents)),
    },
  },
  '/series': { GET: { summary: 'Load and baseline of all VENs together', answer: schemas.Series } },
  '/vens/{id}': { GET: { summary: 'A VEN with its resources', answer: schemas.VenDetail } },
  '/vens/{id}/series': { GET: { summary: 'Load and baseline of a VEN', answer: schemas.Series } },
  '/resources/{id}': { GET: { summary: 'A resource with its load', answer: schemas.ResourceDetail } },
  '/event-choices': { GET: { summary: 'What a form for events has to choose from', answer: schemas.FormChoices } },
  '/events': {
    GET: { summary: 'The events', answer: schemas.EventList },
    POST: { summary: 'Creates an event', body: schemas.EventForm, query: DryRun, answer: schemas.EventSummary, status: 201 },
  },
  '/events/{id}': {
    GET: { summary: 'An event: requested against delivered', answer: schemas.EventDetail },
    PATCH: {
      summary: 'Changes an event; what is absent stays',
      body: schemas.EventForm,
      query: DryRun,
      answer: schemas.EventSummary,
    },
  },
  '/events/{id}/cancel': { POST: { summary: 'Ends an event now', answer: schemas.EventSummary } },
  '/reports': { GET: { summary: 'Reports, the newest first', query: schemas.ReportQuery, answer: schemas.ReportPage } },
  '/audit': { GET: { summary: 'Reports held against what events ask for', query: schemas.AuditQuery, answer: schemas.Audit } },
  '/alarms': { GET: { summary: 'What an agent tells its operator of itself', answer: schemas.Alarms } },
  '/faults': {
    GET: { summary: "The simulator's faults", answer: schemas.Faults },
    POST: { summary: 'Puts a fault in force', body: schemas.FaultForm, answer: schemas.Fault, status: 201 },
    DELETE: { summary: 'Clears all faults', answer: Cleared },
  },
  '/faults/{id}': { DELETE: { summary: 'Clears one fault', answer: schemas.Fault } },
};

let document: object | undefined;

/** The OpenAPI document of the API. */
export function consoleDocument(): object {
  document ??= {
    openapi: '3.1.0',
    info: {
      title: 'venfleet console',
      version: '1',
      description:
        'What the console’s page asks its server. Times are epoch milliseconds (…At), powers watts (…W), energies watt-hours (…Wh); null is not known.',
    },
    components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    security: [{ bearer: [] }],
    paths: Object.fromEntries(
      Object.entries(OPERATIONS).map(([path, methods]) => [
        API_PATH + path,
        Object.fromEntries(Object.entries(methods).map(([method, op]) => [method.toLowerCase(), operation(path, method, op)])),
      ]),
    ),
  };
  return document;
}

function operation(path: string, method: string, { summary, answer, status = 200, body, query, open }: Operation): object {
  const type = path === '/stream' ? 'text/event-stream' : 'application/json';
  const parameters = [
    ...(path.includes('{id}') ? [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }] : []),
    ...(query === undefined ? [] : queryParameters(query)),
  ];
  const refusal = { description: 'refused', content: { 'application/json': { schema: jsonSchema(schemas.Problem, 'output') } } };
  return {
    summary,
    operationId: `${method.toLowerCase()}${path.replace(/[^a-z]+(\w?)/gi, (_, letter: string) => letter.toUpperCase())}`,
    ...(open === true ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } } }),
    responses: {
      [status]: { description: 'done', content: { [type]: { schema: jsonSchema(answer, 'output') } } },
      default: refusal,
    },
  };
}

function queryParameters(query: z.ZodType): object[] {
  const { properties = {} } = jsonSchema(query, 'output') as { properties?: Record<string, { description?: string }> };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    schema,
    ...(description === undefined ? {} : { description }),
  }));
}

/** Without the version of JSON Schema, which the document says once for all. */
function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return json;
}
