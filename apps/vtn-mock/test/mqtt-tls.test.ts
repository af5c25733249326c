import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { canMakeCertificates, makeCertificate } from '@venfleet/core/testing';
import { type Hearer, hear } from './support/hearer.js';
import { type Api, TestVtn } from './support/vtn.js';

const TOPICS = '/notifiers/mqtt/topics';

(canMakeCertificates ? describe : describe.skip)('the broker of a VTN with TLS (needs openssl on the path)', () => {
  let tls: { cert: string; key: string };
  let vtn: TestVtn;
  let bl: Api;
  let venIds: Record<'a' | 'b', string>;
  const hearers: Hearer[] = [];

  beforeEach(async () => {
    tls = makeCertificate(2, ['vtn.example']);
    vtn = await new TestVtn({ tls, mqtt: { port: 0 } }).start();
    bl = vtn.api('3.1.0', 'bl');
    const made: string[] = [];
    for (const name of ['a', 'b']) {
      const body = { objectType: 'BL_VEN_REQUEST', clientID: `ven-${name}`, venName: name };
      made.push((await bl.ok(bl.post('/vens', body))).id);
    }
    venIds = { a: made[0] as string, b: made[1] as string };
  });
  afterEach(async () => {
    for (const hearer of hearers.splice(0)) await hearer.end();
    await vtn.stop();
  });

  const hears = async (clientId: string, filters: readonly string[], ca = tls.cert) => {
    const hearer = await hear(vtn, clientId, filters, { ca });
    hearers.push(hearer);
    return hearer;
  };
  const url = async () => new URL((await bl.ok(bl.get('/notifiers'))).MQTT.URIS[0]);

  it('is announced as mqtts, at the name by which the VTN was asked', async () => {
    expect(await url()).toMatchObject({ protocol: 'mqtts:', hostname: '127.0.0.1' });
    const headers = { authorization: `Bearer ${await vtn.token('bl', '3.1.0')}`, host: 'vtn.example:8000' };
    const { body } = await vtn.send('GET', `${vtn.address.urls['3.1.0']}/notifiers`, { headers });
    expect(body.MQTT.URIS).toEqual([expect.stringMatching(/^mqtts:\/\/vtn\.example:\d+$/)]);
    expect(vtn.address.mqttUrl).toMatch(/^mqtts:/);
  });

  it('tells a VEN of its own events, and refuses it those of another', async () => {
    const { topics } = await bl.ok(bl.get(`${TOPICS}/vens/${venIds.a}/events`));
    const hearer = await hears('ven-a', [topics.ALL]);
    const { id: programID } = await bl.ok(bl.post('/programs', { programName: 'p' }));
    const { id } = await bl.ok(bl.post('/events', { programID }));
    await hearer.until(1);
    expect(hearer.heard[0]?.body).toMatchObject({ objectType: 'EVENT', operation: 'CREATE', object: { id } });
    for (const filter of [`openadr/vens/${venIds.b}/events/+`, 'openadr/events/+', 'openadr/#']) {
      await expect(hears('ven-a', [filter])).rejects.toMatchObject({ packet: { granted: [128] } });
    }
  });

  it('takes the token of the client that logs in, and no other', async () => {
    const password = await vtn.token('ven-b', '3.1.0');
    await expect(hear(vtn, 'ven-a', [], { ca: tls.cert, password })).rejects.toThrow(/Connection refused/);
  });

  it('is not trusted by who does not know its authority, and gets no password', async () => {
    await expect(hears('ven-a', [], makeCertificate().cert)).rejects.toThrow(/certificate/);
  });

  it('speaks nothing but TLS', async () => {
    const { port, hostname } = await url();
    const socket = connectTcp(Number(port), hostname);
    const answer: Buffer[] = [];
    socket.on('data', (chunk) => answer.push(chunk));
    // CONNECT of MQTT 3.1.1 without a login.
    socket.write(Buffer.from('100c00044d5154540402003c0000', 'hex'));
    await new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    // A CONNACK begins with 0x20, a TLS alert with 0x15.
    expect(Buffer.concat(answer)[0]).not.toBe(0x20);
  });
});
