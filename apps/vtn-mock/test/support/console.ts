import { instant } from '@venfleet/core';
import type { Client, WireVersion, wire310 } from '@venfleet/openadr';
import type { VtnMockOptions } from '../../src/index.js';
import { type Answer, CLIENTS, type Method, makeVen, TestVtn } from './vtn.js';

/** Its VENs, each with a client of its own. */
const VENS: readonly Client[] = ['Aalborg', 'Bogense'].map((venName) => ({
  clientId: `ven-${venName.toLowerCase()}`,
  clientSecret: 'secret',
  role: 'VEN',
  venName,
}));

/** A VTN with a console, and whoever looks at it. */
export class ConsoleVtn extends TestVtn {
  constructor(options: VtnMockOptions = {}) {
    super({ console: {}, clients: [...CLIENTS, ...VENS], ...options });
  }

  override async token(clientId: string, version: WireVersion): Promise<string> {
    if (!VENS.some((client) => client.clientId === clientId)) return await super.token(clientId, version);
    const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: 'secret' };
    return (await this.post('/operator/auth/token', form)).body.access_token;
  }

  /** Asks the console as one of the test's clients. @param clientId undefined: without a token */
  async look(path: string, method: Method = 'GET', body?: unknown, clientId: string | undefined = 'bl'): Promise<Answer> {
    const headers: Record<string, string> =
      clientId === undefined ? {} : { authorization: `Bearer ${await this.token(clientId, '3.1.0')}` };
    return await this.send(method, `/console/api/${path}`, { headers, body });
  }

  /** The body of a successful answer. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are examined member by member.
  async see(path: string): Promise<any> {
    const { status, body } = await this.look(path);
    if (status !== 200) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** A VEN at a place, with resources named `NAME-1`, …; it belongs to the client of its name in small letters. */
  async addVen(name: string, resources = 1): Promise<string> {
    const attributes = [
      { type: 'LOCATION', values: [{ x: 9.9, y: 57 }] },
      { type: 'MAX_POWER_CONSUMPTION', values: [500] },
    ];
    const { id } = await makeVen(this, '3.1.0', name, { clientID: `ven-${name.toLowerCase()}`, attributes });
    const bl = this.api('3.1.0', 'bl');
    for (let i = 1; i <= resources; i++) {
      const body = {
        objectType: 'BL_RESOURCE_REQUEST',
        venID: id,
        resourceName: `${name}-${i}`,
        targets: [`${name}-${i}`],
        attributes: [
          { type: 'DESCRIPTION', values: [`Bar ${i}`] },
          { type: 'RESOURCE_SUB_TYPE', values: ['Bars'] },
          { type: 'LOCATION', values: [{ x: 10, y: 56 }] },
        ],
      };
      await bl.ok(bl.post('/resources', body));
    }
    return id;
  }

  async addProgram(programName = 'demo'): Promise<string> {
    const bl = this.api('3.1.0', 'bl');
    return (await bl.ok(bl.post('/programs', { programName }))).id;
  }

  /** An event of minutes from now on, each saying the same, and asking for load and baseline. */
  async addEvent(programID: string, payloads: unknown[], more: object = {}, minutes = 10): Promise<string> {
    const bl = this.api('3.1.0', 'bl');
    const descriptor = {
      readingType: 'MEAN',
      units: 'KW',
      aggregate: true,
      startInterval: 0,
      numIntervals: 1,
      frequency: 1,
      repeat: -1,
    };
    const event = {
      programID,
      eventName: 'an event',
      intervalPeriod: { start: new Date(this.clock.now()).toISOString(), duration: 'PT1M' },
      intervals: Array.from({ length: minutes }, (_, id) => ({ id, payloads })),
      reportDescriptors: ['DEMAND', 'BASELINE'].map((payloadType) => ({ payloadType, ...descriptor })),
      ...more,
    };
    return (await bl.ok(bl.post('/events', event))).id;
  }

  /**
   * Has a VEN report on the minute that has just passed.
   * @param kw by resource; `AGGREGATED_REPORT` for all
   */
  async report(ven: string, eventID: string, payloadType: string, kw: Record<string, number>, seconds = 60): Promise<string> {
    const client = this.api('3.1.0', `ven-${ven.toLowerCase()}`);
    const start = instant(this.clock.now() - seconds * 1000);
    const intervalPeriod = { start: new Date(start).toISOString(), duration: `PT${seconds}S` };
    const body: Partial<wire310.ReportRequest> = {
      eventID,
      clientName: ven,
      payloadDescriptors: [{ objectType: 'REPORT_PAYLOAD_DESCRIPTOR', payloadType, readingType: 'MEAN', units: 'KW' }],
      resources: Object.entries(kw).map(([resourceName, value]) => ({
        resourceName,
        intervals: [{ id: 0, intervalPeriod, payloads: [{ type: payloadType, values: [value] }] }],
      })),
    };
    return (await client.ok(client.post('/reports', body))).id;
  }
}

/** Until something holds, with real time for what is under way in this process between two looks. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; !(await isSo()); i++) {
    if (i > 2_000) throw new Error('it has not come to be so');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
