import { type Clock, describeError, isVenfleetError, type Logger, VenfleetError } from '@venfleet/core';
import { expandTopic, type MqttProfile } from '@venfleet/devices';
import type { MeterChannel, MeterDriver } from '../meter.js';
import type { BrokerPlan } from '../plan.js';
import { MqttDevice } from './device.js';
import { type BrokerLink, brokerErrors, type OpenBroker, type Subscription } from './link.js';

/** Topics in one packet: a broker looks through all that it retains for each packet, so there should be few. */
const SUBSCRIBED_AT_ONCE = 4000;

export interface BrokerOptions {
  readonly plan: BrokerPlan;
  readonly open: OpenBroker;
  /** Begins the topics on which answers to queries come; other agents at the broker have other ones. */
  readonly replyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The meters of one login at a broker, over one connection. */
export class Broker implements MeterChannel {
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  readonly #options: BrokerOptions;
  readonly #byTopic = new Map<string, MqttDevice>();
  readonly #devices: readonly MqttDevice[];
  readonly #subscriptions: readonly Subscription[];
  #link: BrokerLink | undefined;
  #isConnected = false;
  #problem: VenfleetError;

  constructor(options: BrokerOptions) {
    const { plan, replyPrefix, clock } = options;
    this.name = `mqtt ${plan.host}:${plan.port}`;
    this.#options = { ...options, logger: options.logger.child({ broker: `${plan.host}:${plan.port}` }) };
    this.#problem = brokerErrors.unreachable(plan, 'it has not answered yet');
    const ports = {
      clock,
      publish: (topic: string, payload: string, qos: 0 | 1 | 2) => this.#link?.publish(topic, payload, qos),
    };
    this.#devices = plan.meters.map((place) => new MqttDevice(place, `${replyPrefix}/${place.resource.id}`, ports));
    this.#subscriptions = this.#devices.flatMap((device) => this.#topicsOf(device));
    this.drivers = this.#devices.map((device) => ({ resource: device.place.resource, read: () => this.#read(device) }));
  }

  get reachable(): boolean {
    return this.#isConnected;
  }

  start(): void {
    const { plan, open } = this.#options;
    try {
      this.#link = open(plan, {
        connected: () => void this.#connected(),
        disconnected: (reason) => this.#disconnected(reason),
        message: (topic, payload, retained) => this.#receive(topic, payload, retained),
      });
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      // A password that is not there keeps the other channels from nothing.
      this.#problem = error;
      this.#options.logger.error({ reason: error.message, hint: error.hint }, 'broker cannot be used');
    }
  }

  async stop(): Promise<void> {
    this.#isConnected = false;
    this.#problem = new VenfleetError('METER_STOPPED', 'metering is being stopped');
    for (const device of this.#devices) device.forgetAvailability();
    await this.#link?.close();
  }

  async #read(device: MqttDevice) {
    if (!this.#isConnected) throw this.#problem;
    const samples = await device.read();
    return samples;
  }

  /** The device's topics, and among them the one for answers. */
  #topicsOf(device: MqttDevice): Subscription[] {
    const parameters = { topic: device.place.topic, client: device.replyPrefix };
    return spokenTopics(device.place.profile).map(({ template, qos }) => {
      const topic = expandTopic(template, parameters);
      this.#byTopic.set(topic, device);
      return { topic, qos };
    });
  }

  async #connected(): Promise<void> {
    const { logger } = this.#options;
    try {
      for (let i = 0; i < this.#subscriptions.length; i += SUBSCRIBED_AT_ONCE) {
        await this.#link?.subscribe(this.#subscriptions.slice(i, i + SUBSCRIBED_AT_ONCE));
      }
      this.#isConnected = true;
      logger.info({ topics: this.#subscriptions.length }, 'subscribed at the broker');
    } catch (error) {
      // Broken in between: the next connection subscribes anew. A refusal is for the operator to mend.
      if (isVenfleetError(error)) this.#problem = error;
      logger.warn({ reason: describeError(error), topics: isVenfleetError(error) ? error.details : [] }, 'cannot subscribe');
    }
  }

  #disconnected(reason: string): void {
    const { plan, logger } = this.#options;
    this.#problem = brokerErrors.unreachable(plan, reason);
    if (this.#isConnected) logger.warn({ reason }, 'broker is unreachable');
    else logger.debug({ reason }, 'broker is still unreachable');
    this.#isConnected = false;
    for (const device of this.#devices) device.forgetAvailability();
  }

  #receive(topic: string, payload: Uint8Array, retained: boolean): void {
    try {
      this.#byTopic.get(topic)?.receive(topic, payload, retained);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      this.#options.logger.info({ topic, reason: error.message }, 'message not understood');
    }
  }
}

/** Every topic template on which a device of this profile is heard. */
function spokenTopics({ availability, messages }: MqttProfile): { template: string; qos: 0 | 1 | 2 }[] {
  return [
    { template: availability.topic, qos: availability.qos },
    ...[...messages.values()].map(({ topic, qos }) => ({ template: topic, qos })),
  ];
}
