import type { Clock, Logger, Random } from '@venfleet/core';
import { withMqttFaults } from '../faults/notification-faults.js';
import type { FaultRegistry } from '../faults/registry.js';
import type { Tables } from '../objects/tables.js';
import { Deliveries } from '../store/deliveries.js';
import type { Store } from '../store/store.js';
import type { Changes } from './changes.js';
import type { MqttLink } from './mqtt/link.js';
import { MqttNotifier } from './mqtt/mqtt-notifier.js';
import { Outcomes } from './outcomes.js';
import type { CallbackRules } from './webhooks/callback-rules.js';
import { Webhooks } from './webhooks/webhooks.js';

export interface NotificationPorts {
  readonly store: Store;
  readonly tables: Tables;
  readonly changes: Changes;
  readonly rules: CallbackRules;
  readonly ca: string | undefined;
  readonly mqtt: MqttLink | undefined;
  readonly faults: FaultRegistry | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The ways in which changes are told: webhooks always, MQTT where there is a broker. */
export class Notifications {
  readonly outcomes = new Outcomes();
  readonly webhooks: Webhooks;
  readonly mqtt: MqttLink | undefined;

  constructor({ tables, changes, mqtt, ...ports }: NotificationPorts) {
    const { outcomes } = this;
    const { vens, subscriptions } = tables;
    const { store, logger, faults, clock } = ports;
    this.webhooks = new Webhooks({ ...ports, vens, subscriptions, outcomes, deliveries: new Deliveries(store.db) });
    changes.add(this.webhooks);
    if (mqtt === undefined) return;
    const link = faults === undefined ? mqtt : withMqttFaults(mqtt, faults, clock);
    this.mqtt = link;
    changes.add(new MqttNotifier({ store, vens, link, outcomes, logger }));
  }

  /** @throws VenfleetError when the broker cannot be had. */
  async start(): Promise<void> {
    await this.mqtt?.start();
    this.webhooks.start();
  }

  async stop(): Promise<void> {
    await this.webhooks.stop();
    await this.mqtt?.stop();
  }
}
