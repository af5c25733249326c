import { FakeClock } from '@venfleet/core/testing';
import { type Client, WIRE_VERSIONS, type WireVersion, wire301, wire310 } from '@venfleet/openadr';
import type { TSchema } from 'typebox';
import { Agent, request } from 'undici';
import { buildVtnMock, type VtnAddress, type VtnMock, type VtnMockOptions } from '../../src/index.js';

export const VERSIONS = WIRE_VERSIONS;

/** `bl` is business logic, the two others are VENs. The secrets are those of tests. */
export const CLIENTS: readonly Client[] = [
  { clientId: 'bl', clientSecret: 'bl-secret', role: 'BL' },
  { clientId: 'ven-a', clientSecret: 'a-secret', role: 'VEN', venName: 'A' },
  { clientId: 'ven-b', clientSecret: 'b-secret', role: 'VEN', venName: 'B' },
];

// biome-ignore lint/suspicious/noExplicitAny: answers are examined member by member.
type Body = any;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Body;
}

export interface SendOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH' | 'HEAD' | 'OPTIONS';

/** A VTN in this process on a free port, and clients of it. */
export class TestVtn {
  readonly clock: FakeClock;
  readonly #vtn: VtnMock;
  readonly #agent: Agent;
  readonly #tokens = new Map<string, string>();
  #address: VtnAddress | undefined;

  constructor(options: VtnMockOptions = {}) {
    this.clock = new FakeClock();
    // A certificate of tests is its own authority.
    this.#agent = new Agent(options.tls === undefined ? {} : { connect: { ca: options.tls.cert } });
    this.#vtn = buildVtnMock({ clock: this.clock, clients: CLIENTS, port: 0, ...options });
  }

  async start(): Promise<this> {
    this.#address = await this.#vtn.start();
    return this;
  }

  async stop(): Promise<void> {
    await this.#agent.close();
    await this.#vtn.stop();
  }

  get address(): VtnAddress {
    if (this.#address === undefined) throw new Error('not started');
    return this.#address;
  }

  /** @param url absolute, or a path at the origin. */
  async send(method: Method, url: string, { body, headers = {} }: SendOptions = {}): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    const answer = await request(new URL(url, this.address.origin), {
      method,
      dispatcher: this.#agent,
      headers: { ...(text === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(text === undefined ? {} : { body: text }),
    });
    const raw = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, body: raw === '' ? undefined : JSON.parse(raw) };
  }

  async post(
    url: string,
    form: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const body = new URLSearchParams(form).toString();
    return await this.send('POST', url, { body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } });
  }

  /** A token of one of {@link CLIENTS}, got once. */
  async token(clientId: string, version: WireVersion): Promise<string> {
    const key = `${version} ${clientId}`;
    const known = this.#tokens.get(key);
    if (known !== undefined) return known;
    const secret = CLIENTS.find((client) => client.clientId === clientId)?.clientSecret ?? '';
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret };
    const { body } = await this.post(`${this.address.urls[version]}/auth/token`, form);
    this.#tokens.set(key, body.access_token);
    return body.access_token;
  }

  /** The API of one version, as one client; without `clientId`, without a token. */
  api(version: WireVersion, clientId?: string): Api {
    return new Api(this, version, clientId);
  }
}

export class Api {
  readonly #vtn: TestVtn;
  readonly version: WireVersion;
  readonly #clientId: string | undefined;

  constructor(vtn: TestVtn, version: WireVersion, clientId: string | undefined) {
    this.#vtn = vtn;
    this.version = version;
    this.#clientId = clientId;
  }

  async send(method: Method, path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = {};
    if (this.#clientId !== undefined) headers.authorization = `Bearer ${await this.#vtn.token(this.#clientId, this.version)}`;
    return await this.#vtn.send(method, this.#vtn.address.urls[this.version] + path, { body, headers });
  }

  get = (path: string) => this.send('GET', path);
  post = (path: string, body: unknown) => this.send('POST', path, body);
  put = (path: string, body: unknown) => this.send('PUT', path, body);
  delete = (path: string) => this.send('DELETE', path);

  /** The answer's body; fails unless the status is that of success. */
  async ok(answer: Promise<Answer>): Promise<Body> {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
    return body;
  }
}

/** How one kind of object is written in one version, for tests that hold for all kinds. */
export interface Kind {
  readonly name: 'program' | 'ven' | 'resource';
  /** Path of the collection. */
  readonly path: string;
  readonly nameKey: string;
  /** What the VTN answers. */
  readonly schema: TSchema;
  /** What business logic sends. */
  body(name: string, more?: object): Record<string, unknown>;
}

/** The kinds of object of a version. @param venId the ven that resources are made for. */
export function kindsOf(version: WireVersion, venId: string): Kind[] {
  const in301 = version === '3.0.1';
  const wire = in301 ? wire301 : wire310;
  const programs: Kind = {
    name: 'program',
    path: '/programs',
    nameKey: 'programName',
    schema: wire.Program,
    body: (programName, more) => ({ programName, ...more }),
  };
  const vens: Kind = {
    name: 'ven',
    path: '/vens',
    nameKey: 'venName',
    schema: wire.Ven,
    body: (venName, more) =>
      in301 ? { venName, ...more } : { objectType: 'BL_VEN_REQUEST', clientID: `of-${venName}`.slice(0, 128), venName, ...more },
  };
  const resources: Kind = {
    name: 'resource',
    path: in301 ? `/vens/${venId}/resources` : '/resources',
    nameKey: 'resourceName',
    schema: wire.Resource,
    body: (resourceName, more) =>
      in301 ? { resourceName, ...more } : { objectType: 'BL_RESOURCE_REQUEST', venID: venId, resourceName, ...more },
  };
  return [programs, vens, resources];
}

/** A ven made by business logic. */
export async function makeVen(vtn: TestVtn, version: WireVersion, name: string, more: object = {}): Promise<Body> {
  const bl = vtn.api(version, 'bl');
  const body = version === '3.0.1' ? { venName: name } : { objectType: 'BL_VEN_REQUEST', clientID: `of-${name}`, venName: name };
  return await bl.ok(bl.post('/vens', { ...body, ...more }));
}
