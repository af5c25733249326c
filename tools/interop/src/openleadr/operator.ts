import { type Clock, type Logger, type Random, seconds } from '@venfleet/core';
import {
  type Client,
  clientCredentialsTokens,
  createVtnClient,
  detectVtn,
  type GridEvent,
  type HttpTransport,
  type TokenSource,
  type VtnClient,
} from '@venfleet/openadr';
import { failed } from '../steps.js';
import type { OpenleadrKind } from './kinds.js';

export interface OperatorOptions {
  readonly kind: OpenleadrKind;
  readonly url: string;
  readonly transport: HttpTransport;
  /** The agent's credentials file: each of its clients becomes a user of the VTN. */
  readonly clients: readonly Client[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Whoever runs the VTN: makes users, programs and events, and sees what VENs report. */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #admin: TokenSource;

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#admin = this.#tokens(options.kind.firstUser);
  }

  /** Business logic's client at the VTN. */
  async business(): Promise<VtnClient> {
    const { url, transport, clients, kind, ...ports } = this.#options;
    const client = clients.find(({ role }) => role === 'BL');
    if (client === undefined) throw failed('the credentials have no business-logic client');
    const vtn = await detectVtn(url, { transport });
    if (vtn.version !== kind.speaks) throw failed(`it is taken for a VTN of OpenADR ${vtn.version}`);
    return createVtnClient({ transport, vtn, role: 'BL', tokens: this.#tokens(client), ...ports });
  }

  /**
   * Makes a user with credentials for each client of the file (digest of openleadr-rs: POST /users, POST /users/{id}).
   * @returns how many
   */
  async provision(): Promise<number> {
    const { clients, kind } = this.#options;
    for (const client of clients.filter(({ role }) => role === 'BL')) {
      await this.#addUser(kind.businessUser(client.clientId), client);
    }
    const vens = clients.filter(({ role }) => role === 'VEN');
    const business = kind.venFirst ? await this.business() : undefined;
    for (const client of vens) {
      const ven = await business?.createVen({ name: client.venName ?? client.clientId });
      await this.#addUser(kind.venUser(client.clientId, ven?.id), client);
    }
    return clients.length;
  }

  /** Holds a VEN to a limit from now on, with one report asked for at the end. */
  async limit(business: VtnClient, ven: string, kilowatts: number, forSeconds: number): Promise<GridEvent> {
    const { clock } = this.#options;
    const program = await business.createProgram({ name: `interop-${ven}` });
    return business.createEvent({
      programId: program.id,
      name: `${ven} stays below ${kilowatts} kW`,
      priority: 1,
      intervals: [
        {
          id: 0,
          start: clock.now(),
          duration: seconds(forSeconds),
          payloads: [{ type: 'IMPORT_CAPACITY_LIMIT', values: [kilowatts] }],
        },
      ],
      payloadDescriptors: [{ objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType: 'IMPORT_CAPACITY_LIMIT', units: 'KW' }],
      reportRequests: [
        {
          payloadType: 'USAGE',
          units: 'KWH',
          targets: [],
          aggregate: false,
          startInterval: -1,
          numIntervals: -1,
          historical: true,
          frequency: -1,
          repeat: 1,
          reportIntervals: 'INTERVALS',
        },
      ],
    });
  }

  /** Deletes the VENs that are left, with their resources. */
  async deleteVens(business: VtnClient): Promise<void> {
    if (this.#options.kind.reportsKeepVen) for (const { id } of await business.listReports()) await business.deleteReport(id);
    for (const { id } of await business.listVens()) {
      for (const resource of await business.listResources(id)) await business.deleteResource(resource);
      await business.deleteVen(id);
    }
  }

  async #addUser(body: object, { clientId, clientSecret }: Client): Promise<void> {
    const { id } = (await this.#post('/users', body)) as { id: string };
    await this.#post(`/users/${id}`, { client_id: clientId, client_secret: clientSecret });
  }

  async #post(path: string, body: object): Promise<unknown> {
    const { url, transport } = this.#options;
    const headers = { authorization: `Bearer ${await this.#admin.token()}`, 'content-type': 'application/json' };
    const answer = await transport.request({ method: 'POST', url: url + path, headers, body: JSON.stringify(body) });
    if (answer.status >= 300) throw failed(`POST ${path.replace(/\/[^/]{20,}/, '/{id}')}: ${answer.status} ${answer.body}`);
    return JSON.parse(answer.body);
  }

  #tokens({ clientId, clientSecret }: Pick<Client, 'clientId' | 'clientSecret'>): TokenSource {
    const { url, transport, clock } = this.#options;
    return clientCredentialsTokens({ transport, tokenUrl: `${url}/auth/token`, clientId, clientSecret, clock });
  }
}
