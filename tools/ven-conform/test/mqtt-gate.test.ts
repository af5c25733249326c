import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PacketTypes } from '../src/vtn/mqtt-gate.js';

/** A control packet of a type with so many bytes after its header (MQTT 3.1.1 section 2.2.3). */
function packet(type: number, length: number): Buffer {
  const header = [type << 4];
  let rest = length;
  do {
    header.push((rest % 128) | (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(header), Buffer.alloc(length, 0x90)]);
}

describe('the types of MQTT packets', () => {
  test('are found however the stream is cut', () => {
    const packets = fc.array(fc.tuple(fc.integer({ min: 1, max: 14 }), fc.constantFrom(0, 1, 2, 127, 128, 300, 16_384)), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(packets, fc.integer({ min: 1, max: 5000 }), (sent, step) => {
        const stream = Buffer.concat(sent.map(([type, length]) => packet(type, length)));
        const types = new PacketTypes();
        const found: number[] = [];
        for (let at = 0; at < stream.length; at += step) found.push(...types.take(stream.subarray(at, at + step)));
        expect(found).toEqual(sent.map(([type]) => type));
      }),
    );
  });
});
