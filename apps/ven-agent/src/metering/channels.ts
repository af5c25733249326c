import type { Clock, Logger, Random } from '@venfleet/core';
import { FileReplay } from './file/replay.js';
import type { OpenRows } from './file/rows.js';
import type { MeterChannel } from './meter.js';
import { Gateway } from './modbus/gateway.js';
import { Layouts } from './modbus/layout.js';
import type { OpenGateway } from './modbus/link.js';
import { Broker } from './mqtt/broker.js';
import type { OpenBroker } from './mqtt/link.js';
import type { MeteringPlan } from './plan.js';

/** How devices are reached; adapters in the program, stand-ins in tests. */
export interface ChannelPorts {
  readonly openGateway: OpenGateway;
  readonly openBroker: OpenBroker;
  readonly openRows: OpenRows;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

export interface ChannelSettings {
  /** Modbus requests under way at once at a gateway. */
  readonly inFlight: number;
  /** Begins the MQTT topics on which answers to queries come. */
  readonly replyPrefix: string;
}

/** The plan's gateways, brokers and files, not yet started. */
export function createChannels(
  { gateways, brokers, files }: MeteringPlan,
  { inFlight, replyPrefix }: ChannelSettings,
  { openGateway, openBroker, openRows, ...ports }: ChannelPorts,
): MeterChannel[] {
  const layouts = new Layouts();
  return [
    ...gateways.map((plan) => new Gateway({ plan, open: openGateway, layouts, inFlight, ...ports })),
    ...brokers.map((plan) => new Broker({ plan, open: openBroker, replyPrefix, ...ports })),
    ...files.map((plan) => new FileReplay({ plan, open: openRows, ...ports })),
  ];
}
