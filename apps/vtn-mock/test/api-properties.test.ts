import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@venfleet/core';
import { Problem, validator, type WireVersion } from '@venfleet/openadr';
import {
  arbitraryOf,
  broken,
  EXCEPTIONS,
  editAll,
  loadSpec,
  normalise,
  type Operation,
  type Schema,
} from '@venfleet/openadr/test-support';
import fc from 'fast-check';
import { type Answer, TestVtn } from './support/vtn.js';

/** Requests made of the specification's schemas, right and wrong ones, to every operation that it has. */

/** Requests to each operation, and what they may take at most where the machine is slow. */
const RUNS = 80;
const TIME_LIMIT_MS = 3_000;

/** What HTTP itself may answer, without the specification saying so of each operation. */
const BY_HTTP = [401, 403, 404, 405, 409, 413, 414, 415, 431];

/** Kinds by their collections, for our exceptions to the specification. */
const KINDS: Readonly<Record<string, string>> = {
  programs: 'Program',
  events: 'Event',
  reports: 'Report',
  subscriptions: 'Subscription',
  vens: 'Ven',
  resources: 'Resource',
  topics: 'NotifierTopics',
  notifiers: 'Notifiers',
};

const SPECS = { '3.0.1': 'openadr-3.0.1.yaml', '3.1.0': 'openadr-3.1.1.yaml' } as const;

for (const version of ['3.0.1', '3.1.0'] as const) {
  const spec = loadSpec(SPECS[version]);
  if (spec === undefined) {
    describe(`the API of OpenADR ${version}`, () => {
      it.skip(`is not tried: ${SPECS[version]} is not at hand (set OPENADR_SPEC_DIR to its folder)`, () => undefined);
    });
    continue;
  }

  describe(`the API of OpenADR ${version}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await new World(version).start();
    });
    afterAll(async () => await world.stop());

    it('POST /auth/token has no fault of its own, and answers as specified', async () => {
      const token = spec.operations.find(({ path }) => path === '/auth/token') as Operation;
      const judge = judgeOf(token, version);
      const right = arbitraryOf(normalise(spec.schema('clientCredentialRequest')));
      const known = fc.constant({ grant_type: 'client_credentials', client_id: 'ven-a', client_secret: 'a-secret' });
      let successes = 0;
      const property = fc.asyncProperty(fc.oneof(known, broken(known), right, broken(right)), async (form) => {
        const answer = await world.ask(form);
        if (answer.status < 300) successes += 1;
        expect(judge(answer)).toEqual([]);
      });
      await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: false });
      expect(successes).toBeGreaterThan(0);
    });

    const operations = spec.operations.filter(({ path }) => path !== '/auth/token');

    it.each(operations.map((operation) => [operation.method, operation.path, operation] as const))(
      '%s %s has no fault of its own, and answers as specified',
      async (_method, _path, operation) => {
        const judge = judgeOf(operation, version);
        await world.renew();
        let successes = 0;
        const property = fc.asyncProperty(requests(operation), async (request) => {
          const answer = await world.send(operation, request);
          if (answer.status < 300) successes += 1;
          expect(judge(answer)).toEqual([]);
        });
        await fc.assert(property, { numRuns: RUNS, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: false });
        expect(successes).toBeGreaterThan(0);
      },
    );
  });
}

/** How much of a request is as the specification wants it. */
interface Request {
  readonly client: string | undefined;
  /** For each parameter of the path: one of an object that is there, or this. */
  readonly ids: readonly (string | undefined)[];
  readonly query: unknown;
  readonly body: unknown;
  /** Whether references in the body lead to objects that are there, and callbacks to one that answers. */
  readonly linked: boolean;
}

function requests({ method, path, query, body }: Operation): fc.Arbitrary<Request> {
  const parameters = path.match(/\{/g)?.length ?? 0;
  // Of nothing or dots a URL makes another path.
  const odd = fc.string({ minLength: 1 }).filter((id) => !/^\.+$/.test(id));
  const someId = fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, fc.stringMatching(/^[a-zA-Z0-9_-]{1,128}$/), odd);
  const right = arbitraryOf(normalise(query));
  const rightful = fc.constantFrom(...clientsOf(method, path));
  const bodies = body === undefined ? fc.constant(undefined) : mostlyRight(arbitraryOf(normalise(body)));
  return fc.record({
    client: fc.oneof({ weight: 6, arbitrary: rightful }, fc.constantFrom('bl', 'ven-a', undefined)),
    ids: fc.array(someId, { minLength: parameters, maxLength: parameters }),
    query: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, right, broken(right)),
    body: bodies,
    linked: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  });
}

/** Who may use an operation. */
function clientsOf(method: string, path: string): string[] {
  if (path.startsWith('/notifiers/mqtt/topics/')) return ['bl'];
  if (method !== 'GET' && path.startsWith('/reports')) return ['ven-a'];
  return method !== 'GET' && /^\/(programs|events)/.test(path) ? ['bl'] : ['bl', 'ven-a'];
}

const mostlyRight = (right: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 4, arbitrary: right }, { weight: 3, arbitrary: broken(right) }, fc.jsonValue());

/** What is wrong with an answer. */
function judgeOf({ answers, path }: Operation, version: WireVersion): (answer: Answer) => string[] {
  const kind =
    KINDS[
      path
        .split('/')
        .filter((part) => part in KINDS)
        .at(-1) ?? ''
    ] ?? '';
  const name = path.includes('/topics/') ? 'NotifierTopics' : kind;
  const validators = new Map([...answers].map(([status, schema]) => [status, schema && validatorOf(schema, name, version)]));
  const problem = validator(Problem);
  return ({ status, body }) => {
    if (status >= 500) return [`${status}: ${JSON.stringify(body)}`];
    if (!validators.has(status) && !BY_HTTP.includes(status))
      return [`${status} is no answer of this operation: ${JSON.stringify(body)}`];
    if (status >= 400)
      return [
        ...problem.mistakes(body),
        ...(body.status === status ? [] : [`a problem of status ${body.status}, not ${status}`]),
      ];
    return validators.get(status)?.mistakes(body) ?? [];
  };
}

function validatorOf(schema: Schema, name: string, version: WireVersion) {
  for (const { versions, ours, edit } of EXCEPTIONS) {
    if (versions.includes(version) && ours.test(name)) editAll(schema, edit);
  }
  return validator(normalise(schema) as Parameters<typeof validator>[0]);
}

type Ids = Readonly<Record<string, string>>;

/** A VTN with objects of each kind, and a callback that answers echo challenges. */
class World {
  readonly #version: WireVersion;
  readonly #vtn = new TestVtn({ clock: systemClock, mqtt: { port: 0 } });
  readonly #callback: Server = createServer((request, response) => {
    response.end(new URL(request.url ?? '/', 'http://callback').searchParams.get('echo') ?? '');
  });
  #callbackUrl = '';
  #there: Ids = {};
  #names = 0;

  constructor(version: WireVersion) {
    this.#version = version;
  }

  async start(): Promise<this> {
    await this.#vtn.start();
    await new Promise<void>((resolve) => this.#callback.listen(0, '127.0.0.1', resolve));
    this.#callbackUrl = `http://127.0.0.1:${(this.#callback.address() as AddressInfo).port}/callback`;
    await this.renew();
    return this;
  }

  async stop(): Promise<void> {
    await this.#vtn.stop();
    this.#callback.closeAllConnections();
    await new Promise((resolve) => this.#callback.close(resolve));
  }

  async send({ method, path }: Operation, { client, ids, query, body, linked }: Request): Promise<Answer> {
    if (method === 'DELETE') await this.#renewLast(path);
    const parts = [...ids];
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(parts.shift() ?? this.#there[name] ?? 'none'),
    );
    const content = linked ? this.#link(body) : callNobody(body);
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(content));
    return await this.#vtn.api(this.#version, client).send(method, `${filled}${queryText(query)}`, text);
  }

  /** Asks for a token. */
  async ask(form: unknown): Promise<Answer> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const url = `${this.#vtn.address.urls[this.#version]}/auth/token`;
    return await this.#vtn.send('POST', url, { body: queryText(form).slice(1), headers });
  }

  /** One object of each kind. The ven and what belongs to VENs are of the client `ven-a`. */
  async renew(): Promise<void> {
    const bl = this.#vtn.api(this.#version, 'bl');
    for (const { id } of await bl.ok(bl.get('/vens?venName=of-a'))) await this.#emptyVen(id);
    const programID = await this.#make('/programs', { programName: this.#name() });
    const eventID = await this.#make('/events', { programID, intervals: [] });
    const venID = await this.#make('/vens', { objectType: 'BL_VEN_REQUEST', clientID: 'ven-a', venName: 'of-a' });
    this.#there = { programID, eventID, venID };
    for (const path of ['/reports/{reportID}', '/resources/{resourceID}', '/subscriptions/{subscriptionID}'])
      await this.#renewLast(path);
  }

  /** Puts a new object, to which nothing refers, in place of the one that a path ends with. */
  async #renewLast(path: string): Promise<void> {
    const { programID, eventID, venID } = this.#there;
    const [last = ''] = /\w+(?=\}$)/.exec(path) ?? [];
    const clientID = this.#name();
    const makers: Record<string, () => Promise<string>> = {
      programID: () => this.#make('/programs', { programName: this.#name() }),
      eventID: () => this.#make('/events', { programID, intervals: [] }),
      reportID: () => this.#make('/reports', { programID, eventID, clientName: this.#name(), resources: [] }, 'ven-a'),
      venID: () => this.#make('/vens', { objectType: 'BL_VEN_REQUEST', clientID, venName: this.#name() }),
      resourceID: () =>
        this.#make(this.#resources(venID), { objectType: 'BL_RESOURCE_REQUEST', venID, resourceName: this.#name() }),
      subscriptionID: () => this.#make('/subscriptions', { clientName: this.#name(), programID, objectOperations: [] }, 'ven-a'),
    };
    const made = await makers[last]?.();
    if (made !== undefined) this.#there = { ...this.#there, [last]: made };
  }

  #resources = (venID = 'none') => (this.#version === '3.0.1' ? `/vens/${venID}/resources` : '/resources');
  #name = () => `n${++this.#names}`;

  async #make(path: string, body: object, client = 'bl'): Promise<string> {
    const api = this.#vtn.api(this.#version, client);
    return (await api.ok(api.post(path, body))).id;
  }

  /** Deletes a ven with its resources. */
  async #emptyVen(id: string): Promise<void> {
    const bl = this.#vtn.api(this.#version, 'bl');
    const resources = this.#resources(id);
    for (;;) {
      const page = await bl.ok(bl.get(`${resources}?venID=${id}`));
      if (page.length === 0) break;
      for (const resource of page) await bl.ok(bl.delete(`${resources}/${resource.id}`));
    }
    await bl.ok(bl.delete(`/vens/${id}`));
  }

  /** The body with its references led to what is there. */
  #link(body: unknown): unknown {
    return changed(body, (key) => (key === 'callbackUrl' ? this.#callbackUrl : this.#there[key]));
  }
}

/** No test calls a host that it does not own. */
function callNobody(body: unknown): unknown {
  return changed(body, (key) => (key === 'callbackUrl' ? 'http://127.0.0.1:9/nobody' : undefined));
}

/** A copy with the texts of some members replaced. */
function changed(value: unknown, replacement: (key: string) => string | undefined): unknown {
  if (Array.isArray(value)) return value.map((item) => changed(item, replacement));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const text = typeof inner === 'string' ? replacement(key) : undefined;
    return [key, text ?? changed(inner, replacement)];
  });
  return Object.fromEntries(entries);
}

/** Arrays as repeated parameters; anything else as its text. */
function queryText(query: unknown): string {
  if (typeof query !== 'object' || query === null) return `?${encodeURIComponent(String(query))}`;
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const item of [value].flat()) parameters.append(key, typeof item === 'object' ? JSON.stringify(item) : String(item));
  }
  return `?${parameters}`;
}
