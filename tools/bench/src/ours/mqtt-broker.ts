/** The simulator's embedded broker without devices. A process of its own; prints {"port":N}. */
import { silentLogger, systemClock, systemRandom } from '@venfleet/core';
import { EmbeddedBroker } from '@venfleet/device-sim';

const broker = new EmbeddedBroker({
  addresses: [{ host: '127.0.0.1', port: 0 }],
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
});
await broker.start([], () => {});
process.stdout.write(`${JSON.stringify({ port: broker.ports[0] })}\n`);
