import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { deviceIdentification } from '../../src/modbus/device-identification.js';
import {
  frameLength,
  HEADER_BYTES,
  INCOMPLETE,
  NOT_A_FRAME,
  transactionIdOf,
  unitIdOf,
  writeHeader,
} from '../../src/modbus/mbap.js';
import { answerPdu } from '../../src/modbus/pdu.js';
import { ModbusUnit } from '../../src/modbus/unit.js';
import { frame, LAYOUT, MemoryDevice, memoryUnit, type RawClient, startGateway, stopAll } from './support.js';

afterEach(stopAll);

const FUNCTIONS = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43];
const word = fc.oneof(
  fc.constantFrom(0, 1, 99, 100, 125, 126, 299, 300, 1968, 2000, 40_000, 0xff00, 0xffff),
  fc.integer({ min: 0, max: 0xffff }),
);
const bytesOf = (words: number[]) => Buffer.from(words.flatMap((w) => [w >> 8, w & 0xff]));
/** PDUs that are nearly right: a known function, plausible words, and a tail of any length. */
const pdu = fc
  .tuple(
    fc.oneof(fc.constantFrom(...FUNCTIONS), fc.nat(255)),
    fc.array(word, { maxLength: 4 }),
    fc.uint8Array({ maxLength: 200 }),
  )
  .map(([fn, words, tail]) => Buffer.concat([Buffer.of(fn), bytesOf(words), tail]));

describe('the frame codec', () => {
  test('a header that is written is read again, and a frame is known only when it is whole', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        fc.nat(255),
        fc.integer({ min: 1, max: 253 }),
        fc.nat(20),
        (transactionId, unitId, pduBytes, at) => {
          const length = HEADER_BYTES + pduBytes;
          const buffer = Buffer.alloc(at + length);
          writeHeader(buffer, at, transactionId, unitId, pduBytes);
          expect([transactionIdOf(buffer, at), unitIdOf(buffer, at), frameLength(buffer, at, at + length)]).toEqual([
            transactionId,
            unitId,
            length,
          ]);
          for (const end of [at, at + 5, at + length - 1]) expect(frameLength(buffer, at, end)).toBe(INCOMPLETE);
        },
      ),
    );
  });

  test('a length or protocol that no frame has is known from the first six bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 6, maxLength: 6 }), (bytes) => {
        const head = Buffer.from(bytes);
        const length = head.readUInt16BE(4);
        const possible = head.readUInt16BE(2) === 0 && length >= 2 && length <= 254;
        expect(frameLength(head, 0, 6)).toBe(possible ? INCOMPLETE : NOT_A_FRAME);
      }),
    );
  });
});

test('1,000 PDUs of any kind: each is answered within a PDU, by its own function or an exception of it, and only the slab of its unit changes', () => {
  const slab = Buffer.alloc(LAYOUT.byteLength + 200, 0xa5);
  const device = Object.assign(new MemoryDevice(), {
    identification: deviceIdentification({ vendorName: 'v', productCode: 'p', revision: 'r' }),
  });
  const unit = new ModbusUnit(memoryUnit(1, device), slab, 100);
  const out = Buffer.alloc(300, 0x5a);
  fc.assert(
    fc.property(pdu, (request) => {
      const length = answerPdu(unit, request, 0, request.length, out, 20);
      expect(length).toBeGreaterThanOrEqual(2);
      expect(length).toBeLessThanOrEqual(253);
      expect((out[20] as number) & 0x7f).toBe((request[0] as number) & 0x7f);
      if (((out[20] as number) & 0x80) !== 0) expect([1, 2, 3]).toContain(out[21]);
    }),
    { numRuns: 1000 },
  );
  expect(slab.subarray(0, 100).every((b) => b === 0xa5) && slab.subarray(-100).every((b) => b === 0xa5)).toBe(true);
  expect(out.subarray(0, 20).every((b) => b === 0x5a) && out.subarray(20 + 253).every((b) => b === 0x5a)).toBe(true);
});

test('any segmentation gives the same answers', async () => {
  const { client: connectClient } = await startGateway({ units: [memoryUnit(1, {})] });
  const [whole, pieces] = [await connectClient(), await connectClient()];
  await fc.assert(
    fc.asyncProperty(
      fc.array(pdu, { minLength: 1, maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      async (pdus, cuts) => {
        const stream = Buffer.concat(pdus.map((p, i) => frame(p.toString('hex'), 1, i)));
        whole.send(stream);
        const expected = await framesOf(whole, pdus.length);
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = cuts[i % cuts.length] as number;
          pieces.send(stream.subarray(at, at + size));
          at += size;
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(await framesOf(pieces, pdus.length)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
});

test('1,000 random and mutated streams crash nothing, leak no client and disturb no other', async () => {
  const { client: connectClient, gateway } = await startGateway();
  const good = await connectClient();
  const valid = Buffer.concat([frame('03 0064 0010', 1, 1), frame('10 0064 0002 04 00000000', 2, 2), frame('2b 0e 01 00', 1, 3)]);
  const stream = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 600 }),
    fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }).map((changes) => {
      const mutated = Buffer.from(valid);
      for (const [at, value] of changes) mutated[at] = value;
      return mutated;
    }),
    fc.nat(valid.length - 1).map((at) => valid.subarray(0, at)),
  );
  let transaction = 0;
  await fc.assert(
    fc.asyncProperty(stream, async (bytes) => {
      const bad = await connectClient();
      bad.socket.end(Buffer.from(bytes));
      const id = ++transaction & 0xffff;
      good.send(frame('04 0005 0002', 1, id));
      expect((await good.frame()).toString('hex')).toBe(frame('04 04 00050006', 1, id).toString('hex'));
      await bad.closed;
    }),
    { numRuns: 1000 },
  );
  while (gateway.clients > 1) await good.ask('04 0000 0001');
  expect(gateway.counters.turnedAway).toBe(0);
});

async function framesOf(client: RawClient, count: number): Promise<string[]> {
  const frames: string[] = [];
  for (let i = 0; i < count; i++) frames.push((await client.frame()).toString('hex'));
  return frames;
}
