import { minutes, toKilowatts, type Watts } from '@venfleet/core';
import { usageError } from '@venfleet/core/node';
import { type Attribute, SHEDDING_ALERTS, type wire310 } from '@venfleet/openadr';
import type { ReportOption } from './arguments.js';

/** What an operator asks of VENs, in the words of the command line. */
export interface Demand {
  /** Part of the load that they would have without the event, 0…1. */
  readonly shed?: number;
  /** 0…3 */
  readonly level?: number;
  readonly setpoint?: Watts;
  readonly delta?: Watts;
  readonly limit?: Watts;
  /** One for each interval. */
  readonly price?: readonly number[];
  /** ISO 4217 */
  readonly currency?: string;
  readonly alert?: Attribute;
  /** Anything else. */
  readonly payload?: readonly Attribute[];
}

/** What is said in interval after interval, and what the values mean. */
export interface Said {
  /** The payloads of each interval; the same in all, where there is one. */
  readonly sequence: readonly (readonly Attribute[])[];
  readonly descriptors: readonly wire310.EventPayloadDescriptor[];
  /** Whether it is to change what VENs draw, so that it is worth measuring. */
  readonly changesLoad: boolean;
}

/**
 * `shed` is CONTROL_LEVEL_OFFSET_PERCENT, which 3.0.1 does not list but takes: its payload types are open. It is the one
 * type that means a part of the load; SIMPLE has three levels, and a setpoint would need each VEN's load.
 * @throws VenfleetError USAGE when it says nothing, or two things about the same
 */
export function saidBy(demand: Demand): Said {
  const { shed, level, setpoint, delta, limit, price, alert, payload = [], currency = 'DKK' } = demand;
  const power = (type: string, value: Watts | undefined) =>
    value === undefined ? [] : [{ payload: { type, values: [toKilowatts(value)] }, units: 'KW' }];
  const commands = [
    ...(shed === undefined ? [] : [{ payload: { type: 'CONTROL_LEVEL_OFFSET_PERCENT', values: [shed] }, units: 'PERCENT' }]),
    ...(level === undefined ? [] : [{ payload: { type: 'SIMPLE', values: [level] }, units: undefined }]),
    ...power('DISPATCH_SETPOINT', setpoint),
    ...power('DISPATCH_SETPOINT_RELATIVE', delta),
  ];
  if (commands.length > 1) throw usageError('only one of --shed, --level, --setpoint and --delta can hold at a time');
  const common = [...commands, ...power('IMPORT_CAPACITY_LIMIT', limit)];
  const always = [...common.map((one) => one.payload), ...(alert === undefined ? [] : [alert]), ...payload];
  const priced = (price ?? []).map((value) => [...always, { type: 'PRICE', values: [value] }]);
  const descriptors = common.flatMap(({ payload: { type }, units }) => (units === undefined ? [] : [descriptor(type, units)]));
  if (price !== undefined) descriptors.push({ ...descriptor('PRICE', 'KWH'), currency });
  return {
    sequence: price === undefined ? [always] : priced,
    descriptors,
    changesLoad: common.length > 0 || (alert !== undefined && SHEDDING_ALERTS.has(alert.type)),
  };
}

function descriptor(payloadType: string, units: string): wire310.EventPayloadDescriptor {
  return { objectType: 'EVENT_PAYLOAD_DESCRIPTOR', payloadType, units };
}

export function saysNothing({ shed, level, setpoint, delta, limit, price, alert, payload = [] }: Demand): boolean {
  return [shed, level, setpoint, delta, limit, price, alert, ...payload].every((one) => one === undefined);
}

/** What settles an event: each VEN's load and its baseline, a minute at a time. */
export const SETTLEMENT: readonly ReportOption[] = (['DEMAND', 'BASELINE'] as const).map((payloadType) => ({
  payloadType,
  readingType: 'MEAN',
  units: 'KW',
  every: minutes(1),
  historical: true,
  aggregate: true,
  reportIntervals: 'INTERVALS',
}));
