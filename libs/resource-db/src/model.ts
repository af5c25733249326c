import type { Duration, Instant, Position, WattHours, Watts } from '@venfleet/core';

export const RESOURCE_TYPES = ['DSR', 'EV'] as const;
/** DSR: a load that can be curtailed or shifted. EV: a charging station. */
export type ResourceType = (typeof RESOURCE_TYPES)[number];

export const CONNECTION_TYPES = ['MODBUSTCP', 'MQTT', 'FILEREADER'] as const;
export type ConnectionType = (typeof CONNECTION_TYPES)[number];

export const ACTORS = ['READER', 'WRITER'] as const;
/** READER: the meter's side of a site. WRITER: the side that takes setpoints. */
export type Actor = (typeof ACTORS)[number];

/** A flexible site or charger as its owner describes it; what a caller of insert gives. */
export interface NewResource {
  /** UUID; the resourceName on the VTN. */
  readonly resourceId: string;
  readonly name: string;
  readonly type: ResourceType;
  /** For people and targets: `Bars`, `Charging Stations`, … */
  readonly subType: string;
  /** GSRN, 18 digits with a right check digit. */
  readonly meterPointId: string;
  /** The least the site can be held to. */
  readonly pMin: Watts;
  /** The most the site draws. */
  readonly pMax: Watts;
  /** Flexible energy buffer, lower end. */
  readonly eMin: WattHours;
  /** Flexible energy buffer, upper end. */
  readonly eMax: WattHours;
  readonly position: Position;
  readonly address: string;
  /** Name of the VEN: the city. */
  readonly ven: string;
  /** A disabled resource stays registered as it is, but is neither read nor controlled. */
  readonly enabled: boolean;
  /** How often its meter is read. */
  readonly readInterval: Duration;
  /** Whether its readings go into reports to the VTN. */
  readonly reported: boolean;
  /** The connection that reads its meter; null while it has none. */
  readonly readerConnectionId: number | null;
  /** The connection that controls it; null for a site that is only metered. */
  readonly writerConnectionId: number | null;
}

export interface Resource extends NewResource {
  readonly id: number;
  readonly createdAt: Instant;
  /** When one of its values last really changed. */
  readonly updatedAt: Instant;
}

export interface ModbusSettings {
  readonly type: 'MODBUSTCP';
  readonly host: string;
  readonly port: number;
  /** 1…247; a gateway passes it on to the device. */
  readonly unitId: number;
}

export interface MqttSettings {
  readonly type: 'MQTT';
  readonly host: string;
  readonly port: number;
  /** The device's topic prefix; its profile says which topics lie below it. */
  readonly topic: string;
  readonly username: string | null;
  /** `env:NAME` or `file:PATH`, never the password itself. */
  readonly secretRef: string | null;
}

export interface FileSettings {
  readonly type: 'FILEREADER';
  /** A CSV of timestamped values. */
  readonly file: string;
}

/** How to reach a device, and as what: told apart by `type`. */
export type NewConnection = (ModbusSettings | MqttSettings | FileSettings) & {
  readonly actor: Actor;
  /** Id of the device profile: config/device-profiles/ID.yaml. */
  readonly profile: string;
};

export type Connection = NewConnection & {
  readonly id: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
};
