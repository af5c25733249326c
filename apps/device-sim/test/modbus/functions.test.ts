import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { deviceIdentification } from '../../src/modbus/device-identification.js';
import type { UnitDevice } from '../../src/modbus/unit.js';
import { hex16, MemoryDevice, memoryUnit, type RawClient, startGateway, stopAll } from './support.js';

let device: MemoryDevice;
let client: RawClient;
const identification = deviceIdentification({
  vendorName: 'venfleet',
  productCode: 'VF-1',
  revision: '1.2',
  productName: 'n'.repeat(200),
  modelName: 'm'.repeat(60),
  extended: { 128: 'private' },
});

class RefusingDevice implements UnitDevice {
  onWrite(): 4 {
    return 4;
  }
}
class FailingDevice implements UnitDevice {
  beforeRead(): void {
    throw new Error('sensor broken');
  }
}

beforeAll(async () => {
  device = new MemoryDevice();
  const bare = { ranges: [{ table: 'input', address: 0, count: 2, byteOffset: 0 }], byteLength: 4 } as const;
  const units = [
    memoryUnit(1, Object.assign(device, { identification })),
    memoryUnit(2, {}),
    memoryUnit(3, new RefusingDevice()),
    memoryUnit(4, new FailingDevice()),
    { id: 5, layout: bare, device: {} },
  ];
  client = await (await startGateway({ units })).client();
});
afterAll(stopAll);
beforeEach(() => {
  device.reads.length = 0;
  device.writes.length = 0;
});

describe('reading', () => {
  test('FC 3 and 4 give registers as they lie in the slab, after the device has refreshed them', async () => {
    expect(await client.ask('03 0064 0002')).toBe('030400640065');
    expect(await client.ask('03 9c40 000a')).toBe(`0314${Array.from({ length: 10 }, (_, i) => hex16(40_000 + i)).join('')}`);
    expect(await client.ask('04 0000 0003')).toBe('0406000000010002');
    expect(device.reads).toEqual(['holding 100+2', 'holding 40000+10', 'input 0+3']);
  });

  test('FC 1 and 2 pack bits from the lowest and pad with zeros', async () => {
    expect(await client.ask('01 0000 000a')).toBe(`0102${'49'}${'02'}`);
    expect(await client.ask('02 000a 0006')).toBe('020124');
  });

  test('the largest quantities are answered, one more is exception 3', async () => {
    expect(await client.ask('03 0064 007d')).toHaveLength((2 + 250) * 2);
    expect(await client.ask('03 0064 007e')).toBe('8303');
    expect(await client.ask('04 0000 007d')).toHaveLength((2 + 250) * 2);
    expect(await client.ask('04 0000 007e')).toBe('8403');
    expect(await client.ask('01 0000 07d0')).toHaveLength((2 + 250) * 2);
    expect(await client.ask('01 0000 07d1')).toBe('8103');
    expect(await client.ask('02 000a 0000')).toBe('8203');
  });

  test('a register that the device lacks, or only partly has, is exception 2', async () => {
    expect(await client.ask('03 0063 0001')).toBe('8302');
    expect(await client.ask('03 012b 0002')).toBe('8302');
    expect(await client.ask('03 ffff 0002')).toBe('8302');
    expect(await client.ask('04 00c8 0001')).toBe('8402');
    expect(await client.ask('01 09c4 0001')).toBe('8102');
    expect(await client.ask('02 0009 0001')).toBe('8202');
    expect(device.reads).toEqual([]);
  });
});

describe('writing', () => {
  test('FC 6 and 16 store registers, tell the device and echo', async () => {
    expect(await client.ask('06 0064 1234')).toBe('0600641234');
    expect(await client.ask('10 0065 0002 04 deadbeef')).toBe('1000650002');
    expect(device.writes).toEqual(['holding 100+1 1234', 'holding 101+2 deadbeef']);
    expect(await client.ask('03 0064 0003')).toBe('03061234deadbeef');
  });

  test('FC 5 and 15 store coils, tell the device and echo', async () => {
    expect(await client.ask('05 0010 ff00')).toBe('050010ff00');
    expect(await client.ask('05 0011 0000')).toBe('0500110000');
    expect(await client.ask('0f 0012 000a 02 ff01')).toBe('0f0012000a');
    expect(device.writes).toEqual(['coil 16+1 01', 'coil 17+1 00', 'coil 18+10 ff01']);
    expect(await client.ask('01 0010 000c')).toBe('0102fd07');
  });

  test('FC 22 masks: (old AND and) OR (or AND NOT and), the example of §6.16', async () => {
    await client.ask('06 0070 0012');
    expect(await client.ask('16 0070 00f2 0025')).toBe('16007000f20025');
    expect(await client.ask('03 0070 0001')).toBe('03020017');
  });

  test('FC 23 writes before it reads', async () => {
    expect(await client.ask('17 0080 0003 0081 0002 04 aaaabbbb')).toBe('17060080aaaabbbb');
    expect(device.writes).toEqual(['holding 129+2 aaaabbbb']);
  });

  test('the largest quantities are taken, one more is exception 3', async () => {
    expect(await client.ask(`10 0064 007b f6 ${'00'.repeat(246)}`)).toBe('100064007b');
    expect(await client.ask(`10 0064 007c f8 ${'00'.repeat(246)}`)).toBe('9003');
    expect(await client.ask(`0f 0000 07b0 f6 ${'00'.repeat(246)}`)).toBe('0f000007b0');
    expect(await client.ask(`0f 0000 07b1 f7 ${'00'.repeat(246)}`)).toBe('8f03');
    expect(await client.ask(`17 0064 007d 0064 0079 f2 ${'00'.repeat(242)}`)).toHaveLength((2 + 250) * 2);
    expect(await client.ask(`17 0064 007e 0064 0001 02 0000`)).toBe('9703');
    expect(await client.ask(`17 0064 0001 0064 007a f4 ${'00'.repeat(242)}`)).toBe('9703');
  });

  test('a coil takes FF00 and 0000 alone, and a byte count that does not fit is exception 3', async () => {
    expect(await client.ask('05 0000 0001')).toBe('8503');
    expect(await client.ask('0f 0000 0009 01 ff')).toBe('8f03');
    expect(await client.ask('10 0064 0002 02 0000')).toBe('9003');
    expect(await client.ask('17 0064 0001 0064 0001 04 00000000')).toBe('9703');
    expect(device.writes).toEqual([]);
  });

  test.each([
    '05 0000 ff00',
    '06 0064 0001',
    '0f 0000 0001 01 01',
    '10 0064 0001 02 0001',
    '16 0064 0000 0001',
    '17 0064 0001 0064 0001 02 0001',
  ])('PDU %s: a device that takes no writes is read-only (2), one that fails answers 4, and neither changes', async (pdu) => {
    const exception = (code: number) => hex16(((Number.parseInt(pdu.slice(0, 2), 16) | 0x80) << 8) | code);
    expect(await client.ask(pdu, 2)).toBe(exception(2));
    expect(await client.ask(pdu, 3)).toBe(exception(4));
    for (const unit of [2, 3]) {
      expect(await client.ask('03 0064 0001', unit)).toBe('03020064');
      expect(await client.ask('01 0000 0001', unit)).toBe('010101');
    }
  });
});

describe('order of the checks', () => {
  test('function before quantity: a table that the device lacks makes its functions unknown', async () => {
    for (const fc of ['01', '02', '03', '05', '06', '0f', '10', '16', '17']) {
      expect(await client.ask(`${fc} ffff ffff`, 5)).toBe(hex16(((Number.parseInt(fc, 16) | 0x80) << 8) | 1));
    }
    expect(await client.ask('04 0000 0001', 5)).toBe('04020000');
  });

  test('quantity before address, and a coil value before its address', async () => {
    expect(await client.ask('03 0000 0000')).toBe('8303');
    expect(await client.ask('10 0000 0000 00')).toBe('9003');
    expect(await client.ask('05 ffff 1234')).toBe('8503');
    expect(await client.ask('05 ffff ff00')).toBe('8502');
  });

  test('address before the device is asked, and FC 23 writes nothing when its read address is wrong', async () => {
    expect(await client.ask('06 0000 0001', 3)).toBe('8602');
    expect(await client.ask('17 0000 0001 0064 0001 02 ffff')).toBe('9702');
    expect(await client.ask('17 0064 0001 0000 0001 02 ffff')).toBe('9702');
    expect(device.writes).toEqual([]);
  });

  test('execution last: a device that fails is exception 4', async () => {
    expect(await client.ask('03 0000 0001', 4)).toBe('8302');
    expect(await client.ask('03 0064 0001', 4)).toBe('8304');
  });

  test('a PDU shorter or longer than its function has is exception 3', async () => {
    for (const pdu of [
      '03',
      '03 0064 00',
      '03 0064 0001 00',
      '05 0000',
      '06 0064 000100',
      '0f 0000 00',
      '10 0064 0001',
      '16 0064',
      '17 0064',
    ]) {
      expect(await client.ask(pdu)).toBe(hex16(((Number.parseInt(pdu.slice(0, 2), 16) | 0x80) << 8) | 3));
    }
  });

  test.each([0, 7, 8, 11, 20, 24, 65, 0x81, 0xff])('function %d is unknown: exception 1', async (fc) => {
    expect(await client.ask(fc.toString(16).padStart(2, '0'))).toBe(hex16(((fc | 0x80) << 8) | 1));
  });
});

describe('device identification, FC 43/14', () => {
  const text = (value: string) => Buffer.from(value).toString('hex');

  test('basic gives vendor, product code and revision', async () => {
    const objects = `0008${text('venfleet')}0104${text('VF-1')}0203${text('1.2')}`;
    expect(await client.ask('2b 0e 01 00')).toBe(`2b0e0183000003${objects}`);
    expect(await client.ask('2b 0e 01 02')).toBe(`2b0e01830000010203${text('1.2')}`);
  });

  test('regular pages with more-follows, and the next read begins where it says', async () => {
    const first = Buffer.from(await client.ask('2b 0e 02 00'), 'hex');
    expect([...first.subarray(0, 7)]).toEqual([0x2b, 0x0e, 2, 0x83, 0xff, 5, 4]);
    const second = await client.ask('2b 0e 02 05');
    expect(second).toBe(`2b0e0283000001053c${text('m'.repeat(60))}`);
  });

  test('extended goes on to the private objects', async () => {
    expect(await client.ask('2b 0e 03 80')).toBe(`2b0e03830000018007${text('private')}`);
  });

  test('an unknown object restarts a stream and is exception 2 alone', async () => {
    expect(await client.ask('2b 0e 01 77')).toBe(await client.ask('2b 0e 01 00'));
    expect(await client.ask('2b 0e 04 01')).toBe(`2b0e04830000010104${text('VF-1')}`);
    expect(await client.ask('2b 0e 04 77')).toBe('ab02');
  });

  test('another code is exception 3, another MEI type and a device without identification exception 1', async () => {
    expect(await client.ask('2b 0e 05 00')).toBe('ab03');
    expect(await client.ask('2b 0e 01')).toBe('ab03');
    expect(await client.ask('2b 0d 01 00')).toBe('ab01');
    expect(await client.ask('2b 0e 01 00', 2)).toBe('ab01');
  });

  test('texts that no frame could carry are refused when they are given', () => {
    const texts = { vendorName: 'v'.repeat(245), productCode: '', revision: '', extended: { 5: 'x' } };
    expect(() => deviceIdentification(texts)).toThrow(
      expect.objectContaining({
        code: 'MODBUS_IDENTIFICATION_INVALID',
        details: [expect.stringContaining('object 0'), expect.stringContaining('object 5')],
      }),
    );
  });
});
