import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { minutes } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { ModbusGateway, startGateways } from '../../src/modbus/gateway.js';
import { frame, hex16, memoryUnit, type RawClient, startGateway, stopAll } from './support.js';

afterEach(stopAll);

const readOne = (transactionId: number, address = 100) => frame(`03 ${hex16(address)} 0001`, 1, transactionId);
const answerOne = (transactionId: number, address = 100) => frame(`03 02 ${hex16(address)}`, 1, transactionId);

/** Once this is answered, all that was sent before has been dealt with. */
async function expectUndisturbed(client: RawClient): Promise<void> {
  expect(await client.ask('03 0064 0001')).toBe('03020064');
}

describe('framing', () => {
  test('pipelined requests are answered in order, however many come at once', async () => {
    const client = await (await startGateway()).client();
    const count = 5000;
    client.send(Buffer.concat(Array.from({ length: count }, (_, i) => readOne(i, 100 + (i % 200)))));
    const answers = await client.bytes(count * 11);
    expect(answers.equals(Buffer.concat(Array.from({ length: count }, (_, i) => answerOne(i, 100 + (i % 200)))))).toBe(true);
  });

  test('requests may arrive byte by byte and are answered once they are whole', async () => {
    const client = await (await startGateway()).client();
    for (const byte of Buffer.concat([readOne(1), frame(`10 0064 0002 04 12345678`, 1, 2), readOne(3)])) {
      client.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const expected = Buffer.concat([answerOne(1), frame('10 0064 0002', 1, 2), frame('03 02 1234', 1, 3)]);
    expect((await client.bytes(expected.length)).toString('hex')).toBe(expected.toString('hex'));
  });

  test.each([
    ['another protocol id', '0001 0001 0006 01 03 0064 0001'],
    ['length 0', '0001 0000 0000 01 03 0064 0001'],
    ['length 1, no function code', '0001 0000 0001 01'],
    ['length 255, more than a PDU may have', '0001 0000 00ff 01 03'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
  ])('%s drops that client, after the answers before it, and no other', async (_name, bytes) => {
    const { client: connectClient, gateway } = await startGateway();
    const [bad, good] = [await connectClient(), await connectClient()];
    await expectUndisturbed(good);
    bad.send(Buffer.concat([readOne(1), Buffer.from(bytes.replaceAll(' ', ''), 'hex')]));
    await bad.closed;
    expect(bad.received.toString('hex')).toBe(answerOne(1).toString('hex'));
    expect(gateway.counters.malformed).toBe(1);
    await expectUndisturbed(good);
    expect(gateway.clients).toBe(1);
  });

  test('the largest frame, 260 bytes, is taken', async () => {
    const client = await (await startGateway()).client();
    expect(await client.ask(`41${'00'.repeat(252)}`)).toBe('c101');
  });

  test('a client that ends after its requests still gets its answers', async () => {
    const { client: connectClient } = await startGateway();
    const client = await connectClient();
    client.socket.end(Buffer.concat([readOne(1), readOne(2)]));
    await client.closed;
    expect(client.received).toEqual(Buffer.concat([answerOne(1), answerOne(2)]));
  });
});

describe('unit ids', () => {
  test('a unit that is not there is exception 11, whatever is asked', async () => {
    const { client: connectClient } = await startGateway();
    const client = await connectClient();
    for (const unit of [0, 3, 247, 248, 255]) expect(await client.ask('03 0064 0001', unit)).toBe('830b');
    expect(await client.ask('63', 9)).toBe('e30b');
  });

  test('a device that is alone on its port answers to 0 and 255 too, and echoes them', async () => {
    const client = await (await startGateway({ units: [memoryUnit(17)] })).client();
    for (const unit of [0, 17, 255]) expect(await client.ask('03 0064 0001', unit)).toBe('03020064');
    expect(await client.ask('03 0064 0001', 1)).toBe('830b');
  });

  test('units have registers of their own', async () => {
    const client = await (await startGateway()).client();
    await client.ask('06 0064 ffff', 2);
    expect(await client.ask('03 0064 0001', 1)).toBe('03020064');
    expect(await client.ask('03 0064 0001', 2)).toBe('0302ffff');
  });
});

describe('clients', () => {
  test('a client that sends but does not read is not read from either, and gets all answers once it reads', async () => {
    const { client: connectClient, gateway } = await startGateway();
    const [slow, good] = [await connectClient(), await connectClient()];
    await expectUndisturbed(good);
    slow.socket.pause();
    const batch = Buffer.concat(Array.from({ length: 1000 }, (_, i) => frame('03 0064 007d', 1, i)));
    let sent = 0;
    // Until the client's own socket holds a megabyte that the gateway does not take: it has stopped reading.
    while (slow.socket.writableLength < 1_000_000) {
      slow.send(batch);
      sent += 1000;
      await expectUndisturbed(good);
    }
    const answered = gateway.counters.requests;
    await expectUndisturbed(good);
    expect(gateway.counters.requests).toBe(answered + 1);
    expect(answered).toBeLessThan(sent);
    slow.socket.resume();
    let left = sent;
    for (; left > 0; left -= 1000) await slow.bytes(1000 * 259);
    await expectUndisturbed(slow);
  });

  test('an idle client is closed after its time, a busy one is not', async () => {
    const clock = new FakeClock();
    const { client: connectClient, gateway } = await startGateway({ clock, idleTimeout: minutes(10) });
    const [idle, busy] = [await connectClient(), await connectClient()];
    await expectUndisturbed(idle);
    for (let minute = 1; minute <= 15; minute++) {
      await clock.advance(minutes(1));
      await expectUndisturbed(busy);
      if (minute < 10) expect(idle.socket.destroyed).toBe(false);
    }
    await idle.closed;
    await expectUndisturbed(busy);
    expect(gateway.counters.turnedAway).toBe(1);
  });

  test('one client too many is turned away while all are busy, and takes the place of the quietest otherwise', async () => {
    const clock = new FakeClock();
    const { client: connectClient, gateway } = await startGateway({ clock, maxClients: 2, idleTimeout: minutes(10) });
    const [first, second] = [await connectClient(), await connectClient()];
    await expectUndisturbed(first);
    await expectUndisturbed(second);
    const third = await connectClient();
    await third.closed;
    await clock.advance(minutes(5));
    await expectUndisturbed(second);
    const fourth = await connectClient();
    await first.closed;
    await expectUndisturbed(second);
    await expectUndisturbed(fourth);
    expect(gateway.counters.turnedAway).toBe(2);
  });

  test('a client that resets its connection harms nobody', async () => {
    const { client: connectClient, gateway } = await startGateway();
    const [rude, good] = [await connectClient(), await connectClient()];
    await expectUndisturbed(rude);
    rude.send(Buffer.concat(Array.from({ length: 1000 }, (_, i) => readOne(i))));
    rude.socket.resetAndDestroy();
    await rude.closed;
    await expectUndisturbed(good);
    while (gateway.clients > 1) await expectUndisturbed(good);
  });

  test('a device that throws is logged and harms nobody', async () => {
    const failing = {
      beforeRead() {
        throw new Error('sensor broken');
      },
    };
    const { client: connectClient, logger } = await startGateway({ units: [memoryUnit(1), memoryUnit(2, failing)] });
    const client = await connectClient();
    expect(await client.ask('03 0064 0001', 2)).toBe('8304');
    await expectUndisturbed(client);
    expect(logger.lines).toEqual([
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ unit: 2, error: 'sensor broken' }) }),
    ]);
  });
});

describe('life cycle', () => {
  const make = (port: number) => new ModbusGateway({ host: '127.0.0.1', port, units: [memoryUnit(1)], clock: new FakeClock() });

  test('stop closes clients and port, may be called twice, and a gateway may start again', async () => {
    const { client: connectClient, gateway, clock } = await startGateway();
    const client = await connectClient();
    await expectUndisturbed(client);
    const { port } = gateway.address;
    await gateway.stop();
    await gateway.stop();
    await client.closed;
    expect((clock as FakeClock).sleeping).toBe(0);
    expect(gateway.clients).toBe(0);
    const refused = connect({ host: '127.0.0.1', port });
    await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(() => gateway.address).toThrow(expect.objectContaining({ code: 'MODBUS_GATEWAY_STOPPED' }));
    await gateway.start();
    await expectUndisturbed(await connectClient());
  });

  test('a taken port is PORT_TAKEN with its name, and what was started with it is stopped again', async () => {
    const { gateway: holder } = await startGateway();
    const { port } = holder.address;
    const [first, second, third] = [make(0), make(port), make(0)];
    await expect(startGateways([first, second, third])).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`127.0.0.1:${port}`),
      context: { host: '127.0.0.1', port },
    });
    for (const gateway of [first, second, third]) expect(() => gateway.address).toThrow('not started');
  });

  test('an address that this machine does not have is LISTEN_FAILED', async () => {
    const gateway = new ModbusGateway({ host: '192.0.2.1', port: 0, units: [], clock: new FakeClock() });
    await expect(gateway.start()).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });

  test('all mistakes of the units are told at once', () => {
    const units = [memoryUnit(1), memoryUnit(1), memoryUnit(300), { ...memoryUnit(2), image: Buffer.alloc(3) }];
    const many = Array.from({ length: 248 }, (_, i) => memoryUnit((i % 255) + 1));
    const details = (specs: typeof units) => {
      try {
        new ModbusGateway({ host: '127.0.0.1', port: 0, units: specs, clock: new FakeClock() });
      } catch (error) {
        return (error as { details: string[] }).details;
      }
      return [];
    };
    expect(details(units)).toEqual([
      'unit 1: twice',
      'unit 300: not in 1…255',
      'unit 2: an image of 3 bytes for a layout of 3340',
    ]);
    expect(details(many)).toEqual(['248 units; a gateway carries at most 247']);
  });

  test('a layout whose ranges overlap, adjoin or lie outside is refused', () => {
    const ranges = [
      { table: 'holding', address: 0, count: 4, byteOffset: 0 },
      { table: 'holding', address: 4, count: 1, byteOffset: 8 },
      { table: 'input', address: 65_535, count: 2, byteOffset: 0 },
      { table: 'coil', address: 0, count: 11, byteOffset: 0 },
    ] as const;
    const units = [{ id: 1, layout: { ranges, byteLength: 10 }, device: {} }];
    expect(() => new ModbusGateway({ host: '127.0.0.1', port: 0, units, clock: new FakeClock() })).toThrow(
      expect.objectContaining({
        code: 'MODBUS_UNIT_INVALID',
        details: [
          'input 65535+2: outside 0…65535',
          "coil 0+11: outside the device's bytes",
          'holding 0+4 and 4+1: overlap or adjoin',
        ],
      }),
    );
  });
});
