import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from '@venfleet/core';
import { freePort } from '../devices.js';
import { notMeasured, type Row } from '../row.js';
import { ROOT, type Workplace } from '../workplace.js';

const SECONDS = { full: 4, smoke: 0.5 };
/** Where Debian has it, which is not on everybody's path. */
const DEBIAN_MOSQUITTO = '/usr/sbin/mosquitto';

export const mqttRows: readonly Row[] = [0, 1].map((qos) => ({
  name: `mqtt-${qos}`,
  family: 'mqtt',
  what: `the simulator's embedded broker: JSON of 120 bytes, QoS ${qos}, one publisher, one subscriber, 64 on their way`,
  against: 'mosquitto with set_tcp_nodelay, the same clients (MQTT.js, a process of their own)',
  unit: 'messages/s',
  target: { atLeast: 0.8 },
  async prepare(place) {
    const peer = await startMosquitto(place);
    const { firstLine } = await place.start(process.execPath, [join(ROOT, 'tools/bench/dist/ours/mqtt-broker.js')]);
    const { port: ours } = JSON.parse(firstLine) as { port: number };
    const drive = (port: number) => load(place, port, qos);
    return { ours: () => drive(ours), peer: () => drive(peer) };
  },
}));

/** Sends messages through a broker. @returns how many came through, a second */
async function load(place: Workplace, port: number, qos: number): Promise<number> {
  const length = place.smoke ? SECONDS.smoke : SECONDS.full;
  const client = join(ROOT, 'tools/bench/dist/peers/mqtt-load.js');
  const output = await place.run(process.execPath, [client, ...[port, qos, length].map(String)]);
  const { messages, seconds } = JSON.parse(output) as { messages: number; seconds: number };
  return messages / seconds;
}

/** @returns its port @throws VenfleetError NOT_MEASURED when it is not installed */
async function startMosquitto(place: Workplace): Promise<number> {
  const command = existsSync(DEBIAN_MOSQUITTO) ? DEBIAN_MOSQUITTO : 'mosquitto';
  try {
    // It prints how it is used, with status 3.
    await place.run(command, ['-h']);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw notMeasured('needs mosquitto (Debian package mosquitto)', error);
  }
  const port = await freePort();
  const config = place.path('mosquitto.conf');
  // Its connections without Nagle's delay, as those of our broker are.
  const lines = [`listener ${port} 127.0.0.1`, 'allow_anonymous true', 'set_tcp_nodelay true', 'log_dest stderr'];
  writeFileSync(config, lines.map((line) => `${line}\n`).join(''));
  // To a pipe it buffers its standard output, but not its error output: its first line says that it runs.
  await place.start('sh', ['-c', 'exec "$0" -c "$1" 2>&1', command, config]);
  return port;
}
