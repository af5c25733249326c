/**
 * Messages through a broker: one client publishes, another has subscribed, both of MQTT.js as the agent's is.
 * Arguments: PORT QOS SECONDS. Prints {"messages":N,"seconds":T}; a message that is not what was sent next is an error.
 */
import type { Socket } from 'node:net';
import { systemClock } from '@venfleet/core';
import { connectAsync } from 'mqtt';

/** Published and not yet received: enough to keep a broker busy, and far from what a broker drops. */
const IN_FLIGHT = 64;
const TOPIC = 'venfleet/bench/meter/status/em:0';
const SIZE = 120;

const [port = '', qosText = '', secondsText = ''] = process.argv.slice(2);
const qos = qosText === '1' ? 1 : 0;
const length = Number(secondsText) * 1000;

const options = { reconnectPeriod: 0, protocolVersion: 4 } as const;
const [publisher, subscriber] = await Promise.all([
  connectAsync(`mqtt://127.0.0.1:${port}`, options),
  connectAsync(`mqtt://127.0.0.1:${port}`, options),
]);
// Else QoS 0, which nothing answers, waits for delayed acknowledgements of TCP.
for (const { stream } of [publisher, subscriber]) (stream as Socket).setNoDelay(true);
await subscriber.subscribeAsync(TOPIC, { qos });

/** JSON of 120 bytes that tells which message it is. */
function message(number: number): string {
  const head = `{"n":${number},"total_act_power":4711.5,"pad":"`;
  return `${head}${'x'.repeat(SIZE - head.length - 2)}"}`;
}

let sent = 0;
let received = 0;
const fail = (error?: Error | null): void => {
  if (error) throw error;
};
const send = (): void => {
  publisher.publish(TOPIC, message(sent++), { qos }, fail);
};

const begin = systemClock.monotonic();
const end = new Promise<number>((done) => {
  subscriber.on('message', (_topic, payload) => {
    if (payload.toString('latin1') !== message(received)) throw new Error(`message ${received} came as ${payload}`);
    received++;
    const now = systemClock.monotonic();
    if (now - begin < length) send();
    else done(now);
  });
});
for (let i = 0; i < IN_FLIGHT; i++) send();
const took = (await end) - begin;
process.stdout.write(`${JSON.stringify({ messages: received, seconds: took / 1000 })}\n`);
process.exit(0);
