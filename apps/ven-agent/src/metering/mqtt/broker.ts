import { type Clock, describeError, isVenfleetError, type Logger, VenfleetError } from '@venfleet/core';
import type { Controller } from '../../control/model.js';
import type { MeterChannel, MeterDriver } from '../meter.js';
import type { BrokerPlan } from '../plan.js';
import { MqttController } from './controller.js';
import { MqttDevice } from './device.js';
import { Hearers } from './hearers.js';
import { type BrokerLink, brokerErrors, type OpenBroker, type Subscription } from './link.js';
import { Turns } from './turns.js';

/** Topics in one packet: a broker looks through all that it retains for each packet, so there should be few. */
const SUBSCRIBED_AT_ONCE = 4000;
/** Commands at once that wait for their answers: as many as a broker takes in a breath, so that none waits long. */
const COMMANDS_AT_ONCE = 128;

export interface BrokerOptions {
  readonly plan: BrokerPlan;
  readonly open: OpenBroker;
  /** Begins the topics on which answers to queries come; the resource's own id, which no other agent has, goes on. */
  readonly replyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The meters and controllers of one login at a broker, over one connection. */
export class Broker implements MeterChannel {
  readonly name: string;
  readonly drivers: readonly MeterDriver[];
  readonly controllers: readonly Controller[];
  readonly #options: BrokerOptions;
  /** A device that is meter and controller in one has a hearer in each. */
  readonly #meters = new Hearers<MqttDevice>();
  readonly #controllers = new Hearers<MqttController>();
  readonly #devices: readonly (MqttDevice | MqttController)[];
  readonly #turns = new Turns(COMMANDS_AT_ONCE);
  #link: BrokerLink | undefined;
  /** There is a connection … */
  #isOnline = false;
  /** … and everything is subscribed to. */
  #isConnected = false;
  #problem: VenfleetError;
  /** Resolves when the first connection is subscribed or has failed: until then reads wait, and do not fail at each start. */
  readonly #met: Promise<void>;
  #meet: () => void = () => {};

  constructor(options: BrokerOptions) {
    const { plan, replyPrefix, clock } = options;
    this.name = `mqtt ${plan.host}:${plan.port}`;
    this.#options = { ...options, logger: options.logger.child({ broker: `${plan.host}:${plan.port}` }) };
    this.#problem = brokerErrors.unreachable(plan, 'it has not answered yet');
    this.#met = new Promise((resolve) => {
      this.#meet = resolve;
    });
    const publish = (topic: string, payload: string, qos: 0 | 1 | 2) => this.#link?.publish(topic, payload, qos);
    const requireBroker = () => {
      if (!this.#isOnline) throw this.#problem;
    };
    const subscribed = async () => {
      await this.#met;
      if (!this.#isConnected) throw this.#problem;
    };
    const turn = () => this.#turns.take();
    const meters = plan.meters.map(
      (place) => new MqttDevice(place, `${replyPrefix}/${place.resource.resourceId}`, { clock, publish, subscribed }),
    );
    const controllers = plan.controllers.map((place) => new MqttController(place, { clock, publish, requireBroker, turn }));
    for (const meter of meters) this.#meters.add(meter, meter.place.profile, meter.place.topic, meter.replyPrefix);
    for (const each of controllers) this.#controllers.add(each, each.place.profile, each.place.topic);
    this.#devices = [...meters, ...controllers];
    this.drivers = meters;
    this.controllers = controllers;
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
      this.#meet();
      this.#options.logger.error({ reason: error.message, hint: error.hint }, 'broker cannot be used');
    }
  }

  async stop(): Promise<void> {
    this.#isOnline = false;
    this.#isConnected = false;
    this.#problem = new VenfleetError('METER_STOPPED', 'metering is being stopped');
    for (const device of this.#devices) device.forgetAvailability();
    this.#meet();
    await this.#link?.close();
  }

  #subscriptions(): Subscription[] {
    const all = [...this.#meters.subscriptions(), ...this.#controllers.subscriptions()];
    return [...new Map(all.map((subscription) => [subscription.topic, subscription])).values()];
  }

  async #connected(): Promise<void> {
    const { logger } = this.#options;
    const subscriptions = this.#subscriptions();
    this.#isOnline = true;
    try {
      for (let i = 0; i < subscriptions.length; i += SUBSCRIBED_AT_ONCE) {
        await this.#link?.subscribe(subscriptions.slice(i, i + SUBSCRIBED_AT_ONCE));
      }
      this.#isConnected = true;
      logger.info({ topics: subscriptions.length }, 'subscribed at the broker');
    } catch (error) {
      // Broken in between: the next connection subscribes anew. A refusal is for the operator to mend.
      if (isVenfleetError(error)) this.#problem = error;
      logger.warn({ reason: describeError(error), topics: isVenfleetError(error) ? error.details : [] }, 'cannot subscribe');
    }
    this.#meet();
  }

  #disconnected(reason: string): void {
    const { plan, logger } = this.#options;
    this.#problem = brokerErrors.unreachable(plan, reason);
    if (this.#isConnected) logger.warn({ reason }, 'broker is unreachable');
    else logger.debug({ reason }, 'broker is still unreachable');
    this.#isOnline = false;
    this.#isConnected = false;
    this.#meet();
    for (const device of this.#devices) device.forgetAvailability();
  }

  #receive(topic: string, payload: Uint8Array, retained: boolean): void {
    try {
      for (const { hearer, spoken } of this.#meters.on(topic)) hearer.receive(spoken, payload, retained);
      for (const { hearer, spoken } of this.#controllers.on(topic)) hearer.receive(spoken, payload, retained);
    } catch (error) {
      if (!isVenfleetError(error)) throw error;
      this.#options.logger.info({ topic, reason: error.message }, 'message not understood');
    }
  }
}
