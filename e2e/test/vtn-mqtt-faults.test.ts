import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Duration, hours, milliseconds, minutes } from '@venfleet/core';
import { MemoryLogger } from '@venfleet/core/testing';
import type { VtnAddress, VtnMock } from '@venfleet/vtn-mock';
import { type EventLife, followEvents, until } from './support/events.js';
import { businessToken, prepareFleet, startVtn, type Workplace } from './support/fleet.js';
import { temporaryFolder } from './support/programs.js';
import { Operator, register } from './support/reporting.js';

const folder = temporaryFolder();
const VEN = 'Skagen';

/** Told by MQTT, of a VTN whose notifications have faults. */
describe('an agent whose notifications by MQTT', () => {
  let place: Workplace;
  let vtn: VtnMock;
  let address: VtnAddress;
  let operator: Operator;
  let program: string;
  beforeAll(async () => {
    place = await prepareFleet(folder, { vens: [VEN], perFile: 1 });
    ({ vtn, address } = await startVtn({ clients: place.credentials, mqtt: { port: 0 }, faults: { seed: 'e2e' } }));
    const url = address.urls['3.1.0'];
    await register(place, url);
    operator = new Operator(url, place.credentials);
    program = await operator.post('/programs', { programName: 'p' });
  });
  afterAll(() => vtn.stop());

  let lives = 0;
  /** Runs `work` with an agent that is subscribed, and a fault that is in force. */
  async function during(fault: object, pollInterval: Duration, work: (life: EventLife) => Promise<void>): Promise<void> {
    const database = `${folder}/events-${++lives}.db`;
    const logger = new MemoryLogger();
    const life = await followEvents(place, {
      url: address.urls['3.1.0'],
      vens: [VEN],
      database,
      push: 'mqtt',
      pollInterval,
      logger,
    });
    try {
      await faults('POST', fault);
      await subscribed();
      await work(life);
    } finally {
      await faults('DELETE');
      await life.stop();
    }
  }

  async function faults(method: string, body?: object): Promise<unknown> {
    const authorization = `Bearer ${await businessToken(`${address.origin}/operator`, place.credentials)}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const init = body === undefined ? { headers: { authorization } } : { headers, body: JSON.stringify(body) };
    return (await fetch(`${address.origin}/operator/faults`, { method, ...init })).json();
  }

  /** What is not heard is not published, and so hits no fault: once one is hit, the agent is subscribed. */
  async function subscribed(): Promise<void> {
    const hits = async () => ((await faults('GET')) as { faults: { hits: number }[] }).faults[0]?.hits ?? 0;
    while ((await hits()) === 0) await operator.delete(`/events/${await event()}`);
  }

  const body = (extra: object = {}) => ({
    programID: program,
    intervalPeriod: { start: new Date(Date.now() + minutes(10)).toISOString(), duration: 'PT1H' },
    intervals: [{ id: 0, payloads: [{ type: 'SIMPLE', values: [1] }] }],
    ...extra,
  });
  const event = () => operator.post('/events', body());
  const priority = (life: EventLife, id: string) =>
    life
      .feed(VEN)
      .held()
      .find((held) => held.event.id === id)?.event.priority;

  test('are dropped finds new, changed and deleted events by polling', async () => {
    await during({ kind: 'drop-notification' }, milliseconds(200), async (life) => {
      const id = await event();
      await until(() => life.held(VEN).includes(id));
      await operator.put(`/events/${id}`, body({ priority: 2 }));
      await until(() => priority(life, id) === 2);
      await operator.delete(`/events/${id}`);
      await until(() => !life.held(VEN).includes(id));
    });
  });

  test.each([{ kind: 'duplicate-notification' }, { kind: 'reorder-notification', chance: 0.5 }])(
    'suffer $kind holds what the VTN has in the end',
    async (fault) => {
      await during(fault, hours(10), async (life) => {
        const [kept, gone] = [await event(), await event()];
        for (let n = 1; n <= 5; n++) await operator.put(`/events/${kept}`, body({ priority: n }));
        await operator.delete(`/events/${gone}`);
        await until(() => priority(life, kept) === 5 && !life.held(VEN).includes(gone));
        expect(life.held(VEN)).toEqual([kept]);
        await operator.delete(`/events/${kept}`);
        await until(() => life.held(VEN).length === 0);
      });
    },
  );
});
