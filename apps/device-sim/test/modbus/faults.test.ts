import { afterEach, describe, expect, test } from '@jest/globals';
import { milliseconds } from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { FaultRegistry } from '../../src/faults/registry.js';
import { frame, MemoryDevice, memoryUnit, type RawClient, startGateway, stopAll } from './support.js';

afterEach(stopAll);

/** Units 1 and 2 are the devices d1 and d2. */
async function startFaulty(seed = 'seed') {
  const clock = new FakeClock();
  const registry = new FaultRegistry({ clock, seed });
  const devices = [1, 2].map((id) =>
    Object.assign(new MemoryDevice(), { faults: registry.of({ device: `d${id}`, city: 'Aalborg' }) }),
  );
  const running = await startGateway({ clock, units: devices.map((device, i) => memoryUnit(i + 1, device)) });
  return { ...running, clock, registry, devices };
}

const good = (client: RawClient, unit = 2) => client.ask('03 0064 0001', unit, 99);

/** Has all that was sent by now dealt with: the answer of another client comes after it. */
async function settled(running: { client(): Promise<RawClient> }): Promise<void> {
  await good(await running.client());
}

describe('faults of frames', () => {
  test('timeout: no answer, nothing done, and the connection goes on', async () => {
    const { client: connectClient, registry, devices } = await startFaulty();
    const client = await connectClient();
    registry.add({ kind: 'timeout', device: 'd1' });
    client.send(frame('06 0064 ffff', 1, 1));
    expect(await good(client)).toBe('03020064');
    expect(devices[0]?.writes).toEqual([]);
    registry.clearAll();
    expect(await good(client, 1)).toBe('03020064');
  });

  test('exception: its code instead of an answer, and nothing done', async () => {
    const { client: connectClient, registry, devices } = await startFaulty();
    const client = await connectClient();
    const { id } = registry.add({ kind: 'exception', device: 'd1', exception: 6 });
    expect(await client.ask('06 0064 ffff')).toBe('8606');
    expect(devices[0]?.writes).toEqual([]);
    registry.clear(id);
    expect(await good(client, 1)).toBe('03020064');
  });

  test('offline: exception 11 from the gateway, or silence when nothing is announced', async () => {
    const { client: connectClient, registry } = await startFaulty();
    const client = await connectClient();
    registry.add({ kind: 'offline', device: 'd1' });
    expect(await client.ask('03 0064 0001')).toBe('830b');
    registry.clearAll();
    registry.add({ kind: 'offline', device: 'd1', lastWill: false });
    client.send(frame('03 0064 0001', 1, 1));
    expect(await good(client)).toBe('03020064');
  });

  test('drop: the connection is closed after the answers before it; other clients go on', async () => {
    const { client: connectClient, registry } = await startFaulty();
    const [client, other] = [await connectClient(), await connectClient()];
    registry.add({ kind: 'drop', device: 'd1' });
    client.send(Buffer.concat([frame('03 0064 0001', 2, 1), frame('03 0064 0001', 1, 2), frame('03 0064 0001', 2, 3)]));
    await client.closed;
    expect(client.received).toEqual(frame('03 02 0064', 2, 1));
    expect(await good(other)).toBe('03020064');
  });

  test('junk: random bytes before the answer, the same for the same seed', async () => {
    const junks: Buffer[] = [];
    for (const seed of ['a', 'a', 'b']) {
      const { client: connectClient, registry } = await startFaulty(seed);
      const client = await connectClient();
      registry.add({ kind: 'junk', device: 'd1', junkBytes: 5 });
      client.send(frame('03 0064 0001', 1, 1));
      junks.push(await client.bytes(5));
      expect(await client.frame()).toEqual(frame('03 02 0064', 1, 1));
    }
    expect(junks[1]).toEqual(junks[0]);
    expect(junks[2]).not.toEqual(junks[0]);
  });

  test('wrong-transaction: the answer has another id', async () => {
    const { client: connectClient, registry } = await startFaulty();
    const client = await connectClient();
    registry.add({ kind: 'wrong-transaction', device: 'd1', transactionOffset: 2 });
    client.send(frame('03 0064 0001', 1, 0xffff));
    expect(await client.frame()).toEqual(frame('03 02 0064', 1, 1));
  });

  test('delay: the answer waits for the clock, and later ones of that client wait behind it in order', async () => {
    const running = await startFaulty();
    const { client: connectClient, registry, clock } = running;
    const client = await connectClient();
    registry.add({ kind: 'delay', device: 'd1', delayMs: 500 });
    const requests = [1, 2, 1, 2].map((unit, i) => frame('03 0064 0001', unit, i));
    client.send(Buffer.concat(requests));
    const answers = [1, 2, 1, 2].map((unit, i) => frame('03 02 0064', unit, i));
    await settled(running);
    expect(client.received).toHaveLength(0);
    await clock.advance(milliseconds(499));
    await settled(running);
    expect(client.received).toHaveLength(0);
    await clock.advance(milliseconds(1));
    expect(await client.bytes(22)).toEqual(Buffer.concat(answers.slice(0, 2)));
    expect(client.received).toHaveLength(0);
    await clock.advance(milliseconds(500));
    expect(await client.bytes(22)).toEqual(Buffer.concat(answers.slice(2)));
  });

  test('split: the answer comes in pieces, with pauses between them', async () => {
    const { client: connectClient, registry, clock } = await startFaulty();
    const client = await connectClient();
    registry.add({ kind: 'split', device: 'd1', pieces: 3, gapMs: 20 });
    client.send(frame('03 0064 0002', 1, 1));
    const answer = frame('03 04 00640065', 1, 1);
    for (const size of [5, 5, 3]) {
      const piece = await client.bytes(size);
      expect(client.received).toHaveLength(0);
      expect(answer.includes(piece)).toBe(true);
      await clock.advance(milliseconds(20));
    }
    registry.clearAll();
    expect(await good(client, 1)).toBe('03020064');
  });

  test('a client that leaves while its answer is late leaves nothing behind', async () => {
    const running = await startFaulty();
    const { client: connectClient, registry, clock, gateway } = running;
    const [client, other] = [await connectClient(), await connectClient()];
    registry.add({ kind: 'delay', device: 'd1', delayMs: 500 });
    await settled(running);
    const before = clock.sleeping;
    client.send(frame('03 0064 0001', 1, 1));
    while (clock.sleeping === before) await good(other);
    client.socket.resetAndDestroy();
    while (gateway.clients > 2) await good(other);
    expect(clock.sleeping).toBe(before);
    await clock.advance(milliseconds(1000));
    expect(await good(other)).toBe('03020064');
  });

  test('a share of requests: the same requests are hit for the same seed', async () => {
    const runs: string[][] = [];
    for (const seed of ['a', 'a', 'b']) {
      const { client: connectClient, registry } = await startFaulty(seed);
      const client = await connectClient();
      registry.add({ kind: 'exception', city: 'Aalborg', chance: 0.4, exception: 4 });
      const run: string[] = [];
      for (let i = 0; i < 60; i++) run.push(await client.ask('03 0064 0001', 1 + (i % 2)));
      runs.push(run);
    }
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).not.toEqual(runs[0]);
    const hit = runs[0]?.filter((answer) => answer === '8304').length ?? 0;
    expect(hit).toBeGreaterThan(10);
    expect(hit).toBeLessThan(40);
  });
});
