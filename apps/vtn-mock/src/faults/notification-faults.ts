import type { MqttLink } from '../notify/mqtt/link.js';
import type { PostsCallbacks } from '../notify/webhooks/sender.js';
import type { FaultRegistry } from './registry.js';
import { FAULT_OBJECTS } from './spec.js';

/** A client whose notifications get lost, though the VTN takes them for accepted, or come more than once. */
export function withWebhookFaults(client: PostsCallbacks, faults: FaultRegistry): PostsCallbacks {
  return {
    async send(request, signal) {
      const times = copiesOf(request.body ?? '', faults);
      if (times === 0) return { status: 200, body: '' };
      for (let i = 1; i < times; i++) await client.send(request, signal);
      return await client.send(request, signal);
    },
  };
}

/** The same for a broker. */
export function withMqttFaults(link: MqttLink, faults: FaultRegistry): MqttLink {
  return {
    start: () => link.start(),
    stop: () => link.stop(),
    get heard() {
      return link.heard;
    },
    hears: (topic) => link.hears(topic),
    async publish(message) {
      const times = copiesOf(message.payload, faults);
      for (let i = 0; i < times; i++) await link.publish(message);
    },
    disconnect: (clientId) => link.disconnect(clientId),
    notifier: (host) => link.notifier(host),
  };
}

/** How often a notification is sent. */
function copiesOf(notification: string, faults: FaultRegistry): number {
  const [, type = ''] = /^\{"objectType":"(\w+)"/.exec(notification) ?? [];
  const objects = FAULT_OBJECTS.find((name) => name === `${type.toLowerCase()}s`);
  if (faults.hitting('drop-notification', { objects }).length > 0) return 0;
  return Math.max(1, ...faults.hitting('duplicate-notification', { objects }).map(({ spec }) => spec.copies ?? 2));
}
