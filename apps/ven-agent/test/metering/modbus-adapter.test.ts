import { createServer, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from '@jest/globals';
import { milliseconds, silentLogger, systemClock } from '@venfleet/core';
import { openModbusSerial } from '../../src/metering/adapters/modbus-serial-link.js';
import { Gateway } from '../../src/metering/modbus/gateway.js';
import { Layouts } from '../../src/metering/modbus/layout.js';
import { catalog, middling, resource } from './support.js';

/** One Modbus TCP request as it came. */
interface Request {
  readonly transaction: number;
  readonly unit: number;
  readonly functionCode: number;
  readonly address: number;
  readonly count: number;
  readonly socket: Socket;
}

const servers: Server[] = [];
const sockets = new Set<Socket>();
const gateways: Gateway[] = [];
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
});

/** A server that does with each request what it is told to. */
async function serve(handle: (request: Request) => void): Promise<{ host: string; port: number }> {
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (; rest.length >= 12; rest = rest.subarray(12)) {
        handle({
          transaction: rest.readUInt16BE(0),
          unit: rest[6] as number,
          functionCode: rest[7] as number,
          address: rest.readUInt16BE(8),
          count: rest.readUInt16BE(10),
          socket,
        });
      }
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port };
}

/** An answer in which every register says the unit that it comes from. */
function answer(
  { transaction, unit, functionCode, count, socket }: Request,
  changes: { transaction?: number; unit?: number } = {},
): void {
  const pdu = Buffer.alloc(9 + count * 2);
  pdu.writeUInt16BE(changes.transaction ?? transaction, 0);
  pdu.writeUInt16BE(3 + count * 2, 4);
  pdu[6] = changes.unit ?? unit;
  pdu[7] = functionCode;
  pdu[8] = count * 2;
  for (let i = 0; i < count; i++) pdu.writeUInt16BE(unit, 9 + i * 2);
  if (!socket.destroyed) socket.write(pdu);
}

const block = { table: 'holding', address: 0, count: 2 } as const;
const word = (data: Uint8Array) => Buffer.from(data).readUInt16BE(0);

describe('modbus-serial as a link', () => {
  test('reads of several units in flight each get their own answer, in whatever order these come', async () => {
    const waiting: Request[] = [];
    const address = await serve((request) => {
      waiting.push(request);
      if (waiting.length === 4) for (const each of waiting.splice(0).reverse()) answer(each);
    });
    const link = await openModbusSerial(address, milliseconds(1000));
    const units = [11, 12, 13, 14];
    expect((await Promise.all(units.map((unit) => link.read(unit, block, milliseconds(1000))))).map(word)).toEqual(units);
    link.close();
  });

  test('an answer in the name of another unit is refused, not taken', async () => {
    const address = await serve((request) => answer(request, { unit: 99 }));
    const link = await openModbusSerial(address, milliseconds(1000));
    await expect(link.read(7, block, milliseconds(1000))).rejects.toMatchObject({ code: 'METER_GARBLED' });
    link.close();
  });

  test('an exception is told with its code', async () => {
    const address = await serve(({ transaction, unit, functionCode, socket }) => {
      const frame = Buffer.from([0, 0, 0, 0, 0, 3, unit, functionCode | 0x80, 2]);
      frame.writeUInt16BE(transaction, 0);
      socket.write(frame);
    });
    const link = await openModbusSerial(address, milliseconds(1000));
    await expect(link.read(7, block, milliseconds(1000))).rejects.toMatchObject({
      code: 'METER_REFUSED',
      context: { exception: 2 },
    });
    link.close();
  });

  test.each(['end', 'resetAndDestroy'] as const)('a connection that the peer ends (%s) leaves no read pending', async (how) => {
    const address = await serve(({ socket }) => socket[how]());
    const link = await openModbusSerial(address, milliseconds(1000));
    await expect(link.read(7, block, milliseconds(60_000))).rejects.toMatchObject({ code: 'GATEWAY_LOST' });
    await link.closed;
    await expect(link.read(7, block, milliseconds(60_000))).rejects.toMatchObject({ code: 'GATEWAY_LOST' });
  });

  test('an answer is kept no longer than whoever asked keeps it', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const link = await openModbusSerial(await serve((request) => answer(request)), milliseconds(60_000));
    const kept: WeakRef<Uint8Array>[] = [];
    for (let unit = 1; unit <= 8; unit++) kept.push(new WeakRef(await link.read(unit, block, milliseconds(60_000))));
    // What a WeakRef was made of, or gave, stays until the turn is over; the last answer has a stack to hold it.
    await systemClock.sleep(milliseconds(1));
    collectGarbage();
    expect(kept.slice(0, -1).filter((answered) => answered.deref() !== undefined)).toHaveLength(0);
    link.close();
  });

  test('an answer that came while the process had no time for it is no time-out', async () => {
    const link = await openModbusSerial(await serve((request) => answer(request)), milliseconds(60_000));
    const reading = link.read(7, block, milliseconds(1000));
    await systemClock.sleep(milliseconds(1));
    const until = systemClock.monotonic() + 1500;
    while (systemClock.monotonic() < until);
    expect(word(await reading)).toBe(7);
    link.close();
  });

  test('nothing that listens is told as such', async () => {
    const address = await serve(() => {});
    await new Promise((done) => servers.pop()?.close(done));
    await expect(openModbusSerial(address, milliseconds(1000))).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
  });
});

describe('a gateway over real sockets', () => {
  const profile = catalog.modbus('schneider-iem3000');
  const plain = { ...profile, probe: undefined };

  function gatewayAt(address: { host: string; port: number }, units: readonly number[]) {
    const meters = units.map((unitId) => ({ resource: resource(unitId), unitId, profile: plain }));
    const gateway = new Gateway({
      plan: { ...address, meters, controllers: [] },
      open: openModbusSerial,
      layouts: new Layouts(),
      inFlight: 4,
      clock: systemClock,
      random: middling,
      logger: silentLogger,
    });
    gateways.push(gateway);
    return gateway;
  }

  /** Counters of 64 bits whose words all say the unit. */
  const counterOf = (unit: number) =>
    Number((BigInt(unit) << 48n) | (BigInt(unit) << 32n) | (BigInt(unit) << 16n) | BigInt(unit));

  test('late answers are never taken for those of other units or other reads', async () => {
    const units = [1, 2, 3, 4, 5, 6];
    let requests = 0;
    const late: Request[] = [];
    const address = await serve((request) => {
      requests++;
      // Unit 3 answers when it is too late: after its time-out, between the answers of the others.
      if (request.unit === 3) late.push(request);
      else {
        answer(request);
        for (const each of late.splice(0, late.length - 1)) answer(each);
        for (const each of late) answer(each, { transaction: request.transaction + 1 });
      }
    });
    const gateway = gatewayAt(address, units);
    for (let round = 0; round < 40; round++) {
      const outcomes = await Promise.allSettled(
        gateway.drivers.filter((_, i) => round === 5 || i !== 2).map((driver) => driver.read()),
      );
      const asked = units.filter((_, i) => round === 5 || i !== 2);
      outcomes.forEach((outcome, i) => {
        const unit = asked[i] as number;
        if (outcome.status === 'fulfilled') expect(outcome.value[0]?.values.energyImportWh).toBe(counterOf(unit));
      });
    }
    expect(requests).toBeGreaterThan(150);
  });

  test('a server that answers in the name of whoever it likes gives errors, never a wrong value', async () => {
    let count = 0;
    const address = await serve((request) => answer(request, count++ % 3 === 0 ? { unit: 1 + (request.unit % 4) } : {}));
    const gateway = gatewayAt(address, [1, 2, 3, 4]);
    for (let round = 0; round < 30; round++) {
      const outcomes = await Promise.allSettled(gateway.drivers.map((driver) => driver.read()));
      outcomes.forEach((outcome, i) => {
        if (outcome.status === 'fulfilled') expect(outcome.value[0]?.values.energyImportWh).toBe(counterOf(i + 1));
      });
    }
  });
});
