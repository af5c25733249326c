import { type Clock, seconds } from '@venfleet/core';
import type { MqttLink } from '../notify/mqtt/link.js';
import type { PostsCallbacks } from '../notify/webhooks/sender.js';
import { Overtaken } from './overtaken.js';
import type { FaultRegistry } from './registry.js';
import { FAULT_OBJECTS } from './spec.js';

/** Where no other comes, one that is to be overtaken comes after all. */
const LATEST = seconds(5);

/** Stopped, it forgets what it still holds back. */
export interface FaultyCallbacks extends PostsCallbacks {
  stop(): void;
}

/** A client whose notifications get lost, though the VTN takes them for accepted, come more than once, or too late. */
export function withWebhookFaults(client: PostsCallbacks, faults: FaultRegistry, clock: Clock): FaultyCallbacks {
  const overtaken = new Overtaken<string>(clock, LATEST);
  return {
    async send(request, signal) {
      const { times, isLate } = fateOf(request.body ?? '', faults);
      if (times === 0) return { status: 200, body: '' };
      const send = async () => {
        for (let i = 1; i < times; i++) await client.send(request, signal);
        return await client.send(request, signal);
      };
      if (!isLate) return await overtaken.pass(request.url, send);
      overtaken.hold(request.url, send);
      return { status: 200, body: '' };
    },
    stop: () => overtaken.stop(),
  };
}

/** The same for a broker. */
export function withMqttFaults(link: MqttLink, faults: FaultRegistry, clock: Clock): MqttLink {
  const overtaken = new Overtaken<'broker'>(clock, LATEST);
  return {
    start: () => link.start(),
    stop() {
      overtaken.stop();
      return link.stop();
    },
    get heard() {
      return link.heard;
    },
    hears: (topic) => link.hears(topic),
    async publish(message) {
      const { times, isLate } = fateOf(message.payload, faults);
      if (times === 0) return;
      const send = async () => {
        for (let i = 0; i < times; i++) await link.publish(message);
      };
      if (isLate) overtaken.hold('broker', send);
      else await overtaken.pass('broker', send);
    },
    disconnect: (clientId) => link.disconnect(clientId),
    notifier: (host) => link.notifier(host),
  };
}

/** How often a notification is sent, and whether after the next one. */
function fateOf(notification: string, faults: FaultRegistry): { readonly times: number; readonly isLate: boolean } {
  const [, type = ''] = /^\{"objectType":"(\w+)"/.exec(notification) ?? [];
  const objects = FAULT_OBJECTS.find((name) => name === `${type.toLowerCase()}s`);
  if (faults.hitting('drop-notification', { objects }).length > 0) return { times: 0, isLate: false };
  const times = Math.max(1, ...faults.hitting('duplicate-notification', { objects }).map(({ spec }) => spec.copies ?? 2));
  return { times, isLate: faults.hitting('reorder-notification', { objects }).length > 0 };
}
