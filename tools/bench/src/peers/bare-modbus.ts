import type { ReadBlock } from '@venfleet/devices';
import modbusSerial from 'modbus-serial';

/** What is read at one gateway, device by device. */
export interface BareGateway {
  readonly host: string;
  readonly port: number;
  readonly units: readonly { readonly unitId: number; readonly blocks: readonly ReadBlock[] }[];
}

/** A client for each gateway, as the library's own documentation has it. */
export async function connectBare(gateways: readonly BareGateway[]) {
  const clients = await Promise.all(
    gateways.map(async (gateway) => {
      const client = new modbusSerial.default();
      client.setTimeout(5000);
      await client.connectTCP(gateway.host, { port: gateway.port });
      return { client, gateway };
    }),
  );
  return {
    /** Reads every device once: all gateways at the same time, one request after the other at each. @returns how many devices */
    async sweep(): Promise<number> {
      const counts = await Promise.all(
        clients.map(async ({ client, gateway }) => {
          for (const { unitId, blocks } of gateway.units) {
            client.setID(unitId);
            for (const { table, address, count } of blocks) {
              await (table === 'holding'
                ? client.readHoldingRegisters(address, count)
                : client.readInputRegisters(address, count));
            }
          }
          return gateway.units.length;
        }),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    close(): void {
      for (const { client } of clients) client.close(() => {});
    },
  };
}
