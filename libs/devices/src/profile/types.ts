import type { PointCodec, RegisterType } from '../codec/point-codec.js';
import type { PointValue, Quantity, Ratio } from '../quantities.js';
import type { Derived, Fallback } from './common-schema.js';
import type { ModbusTable, ModbusTransport, ProbeFile } from './modbus-schema.js';
import type { MqttMessageFile, MqttProfileFile, MqttQuery } from './mqtt-schema.js';

export type { Derived, Fallback, ModbusTable, ModbusTransport, MqttQuery };

/** Where a value stands: `registers` counts bits in the coil and discrete tables. */
interface Placed {
  readonly table: ModbusTable;
  /** 0-based, as on the wire. */
  readonly address: number;
  readonly registers: number;
  readonly type: RegisterType;
}

export interface ModbusPoint extends Placed {
  readonly name: string;
  /** undefined for a private name (`x-…`). */
  readonly quantity: Quantity | undefined;
  /** The SunSpec model it belongs to; discovery moves it with the model. */
  readonly model: number | undefined;
  readonly scaleRef: string | undefined;
  readonly poll: 'fast' | 'slow' | 'once';
  readonly monotonic: boolean;
  readonly initial: PointValue | undefined;
  /** undefined for bits. */
  readonly codec: PointCodec | undefined;
}

/** What a control of either transport promises; limits are in the canonical unit. */
export interface ControlRules {
  readonly name: string;
  readonly quantity: Quantity | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly readback: string | undefined;
  readonly keepaliveS: number | undefined;
  readonly fallback: Fallback | undefined;
}

export interface ModbusControl extends ControlRules, Placed {
  readonly table: 'holding' | 'coil';
  readonly fc: 5 | 6 | 15 | 16;
  readonly codec: PointCodec | undefined;
}

export interface Probe {
  readonly table: 'holding' | 'input';
  readonly address: number;
  readonly registers: number;
  readonly codec: PointCodec;
  readonly expect: ProbeFile['expect'];
}

/** Where a device keeps its SunSpec models. */
export interface SunSpecLayout {
  /** Address of "SunS". */
  readonly base: number;
  readonly models: readonly SunSpecModel[];
  /** Address of the end marker 0xFFFF. */
  readonly end: number;
}

export interface SunSpecModel {
  readonly id: number;
  /** Registers after id and length. */
  readonly length: number;
  /** Address of the id register. */
  readonly address: number;
}

interface ProfileHead {
  readonly id: string;
  readonly vendor: string;
  readonly model: string;
  readonly source: { readonly url?: string | undefined; readonly page: string };
  readonly verified: 'doc' | 'sim' | 'hardware';
  readonly derived: readonly Derived[];
}

export interface ModbusProfile extends ProfileHead {
  readonly kind: 'modbus';
  readonly transport: ModbusTransport;
  readonly probe: Probe | undefined;
  readonly sunspec: SunSpecLayout | undefined;
  readonly points: ReadonlyMap<string, ModbusPoint>;
  readonly controls: ReadonlyMap<string, ModbusControl>;
}

export interface MqttPoint {
  readonly name: string;
  readonly quantity: Quantity | undefined;
  readonly path: readonly string[];
  readonly phase: 1 | 2 | 3 | 'sum' | undefined;
  /** From the payload's unit to the canonical one. */
  readonly factor: Ratio;
  readonly decimals: number | undefined;
  readonly initial: PointValue | undefined;
  readonly monotonic: boolean;
}

export interface MqttMessage extends Omit<MqttMessageFile, 'select' | 'into'> {
  /** Where in the payload the values lie. */
  readonly select: readonly string[];
  /** What the message carries: places inside the selected part, and the points that stand there (several where phases share an array). */
  readonly fields: readonly { readonly path: readonly string[]; readonly points: readonly MqttPoint[] }[];
}

export interface MqttControl extends ControlRules {
  readonly path: readonly string[];
  readonly factor: Ratio;
}

export interface MqttProfile extends ProfileHead {
  readonly kind: 'mqtt';
  readonly availability: MqttProfileFile['availability'];
  readonly messages: ReadonlyMap<string, MqttMessage>;
  readonly points: ReadonlyMap<string, MqttPoint>;
  readonly queries: ReadonlyMap<string, MqttQuery>;
  readonly command: MqttProfileFile['command'];
  readonly controls: ReadonlyMap<string, MqttControl>;
  readonly staleAfterS: number;
}

/** A device as one row set of data: the agent reads by it, the simulator answers by it. */
export type DeviceProfile = ModbusProfile | MqttProfile;
