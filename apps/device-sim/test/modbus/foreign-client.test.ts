import { afterEach, beforeEach, expect, test } from '@jest/globals';
import modbusSerial from 'modbus-serial';
import { deviceIdentification } from '../../src/modbus/device-identification.js';
import { MemoryDevice, memoryUnit, startGateway, stopAll } from './support.js';

// modbus-serial is nobody's here: what it reads and writes, other clients do too.
let client: InstanceType<typeof modbusSerial.default>;

beforeEach(async () => {
  const identification = deviceIdentification({ vendorName: 'venfleet', productCode: 'VF-1', revision: '1.2', modelName: 'sim' });
  const { gateway } = await startGateway({ units: [memoryUnit(5, Object.assign(new MemoryDevice(), { identification }))] });
  client = new modbusSerial.default();
  client.setTimeout(10_000);
  await client.connectTCP('127.0.0.1', { port: gateway.address.port });
  client.setID(5);
});
afterEach(async () => {
  await new Promise<void>((resolve) => client.close(() => resolve()));
  await stopAll();
});

test('it reads registers and bits', async () => {
  expect((await client.readHoldingRegisters(100, 3)).data).toEqual([100, 101, 102]);
  expect((await client.readInputRegisters(0, 125)).data).toEqual(Array.from({ length: 125 }, (_, i) => i));
  expect((await client.readCoils(0, 8)).data).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((i) => i % 3 === 0));
  expect((await client.readDiscreteInputs(10, 8)).data).toEqual([10, 11, 12, 13, 14, 15, 16, 17].map((i) => i % 3 === 0));
});

test('what it writes it reads again', async () => {
  await client.writeRegister(100, 0xbeef);
  await client.writeRegisters(101, [1, 2, 3]);
  await client.maskWriteRegister(102, 0xfff0, 0x0009);
  expect((await client.readHoldingRegisters(100, 4)).data).toEqual([0xbeef, 1, 9, 3]);
  await client.writeCoil(1, true);
  await client.writeCoils(2, [true, false, true]);
  expect((await client.readCoils(1, 4)).data.slice(0, 4)).toEqual([true, true, false, true]);
});

test('it reads the device identification', async () => {
  const { data } = await client.readDeviceIdentification(2, 0);
  expect({ ...data }).toEqual({ 0: 'venfleet', 1: 'VF-1', 2: '1.2', 5: 'sim' });
});

test('it takes the exceptions for what they are', async () => {
  await expect(client.readHoldingRegisters(0, 1)).rejects.toMatchObject({ modbusCode: 2 });
  await expect(client.readHoldingRegisters(100, 126)).rejects.toMatchObject({ modbusCode: 3 });
  client.setID(6);
  await expect(client.readHoldingRegisters(100, 1)).rejects.toMatchObject({ modbusCode: 11 });
});
