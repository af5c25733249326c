/**
 * The simulator's Modbus server with one device, as `peers/modbus-server.c` has it: holding registers 0…99,
 * of which register N contains 257 · N. A process of its own; prints {"port":N}.
 */
import { systemClock } from '@venfleet/core';
import { ModbusGateway } from '@venfleet/device-sim';

const REGISTERS = 100;

const image = Buffer.alloc(2 * REGISTERS);
for (let i = 0; i < REGISTERS; i++) image.writeUInt16BE(257 * i, 2 * i);
const layout = {
  ranges: [{ table: 'holding', address: 0, count: REGISTERS, byteOffset: 0 }],
  byteLength: image.length,
} as const;
const gateway = new ModbusGateway({
  host: '127.0.0.1',
  port: 0,
  units: [{ id: 1, layout, image, device: {} }],
  clock: systemClock,
});
await gateway.start();
process.stdout.write(`${JSON.stringify({ port: gateway.address.port })}\n`);
