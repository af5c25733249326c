import { type Watts, watts } from '@venfleet/core';
import type { Attribute } from '@venfleet/openadr';
import type { Level, PlanningPolicy } from './policy.js';

/** An amount of power, or a part (0…1) of what it is about. */
export type Amount = { readonly unit: 'W'; readonly value: Watts } | { readonly unit: 'part'; readonly value: number };

/** What a payload asks for, in one unit and one sign: positive is consumption. */
export type Demand =
  /** Curtail by the site's own rule for that level; 0 is normal. */
  | { readonly kind: 'level'; readonly level: Level }
  /** Each resource gives that part of what it has between its load and its least; negative: may take more. */
  | { readonly kind: 'offset'; readonly part: number }
  /** All together consume so much; a part is one of what they can draw at most. */
  | { readonly kind: 'total'; readonly amount: Amount }
  /** All together consume so much more than they did, or less; a part is one of their load. */
  | { readonly kind: 'change'; readonly amount: Amount }
  /** Charge up to that state: a part of each battery, or Wh over all of them. */
  | { readonly kind: 'charge'; readonly to: { readonly unit: 'Wh' | 'part'; readonly value: number } }
  /** All together never more than that. */
  | { readonly kind: 'cap'; readonly role: 'limit' | 'subscription' | 'reservation'; readonly amount: Amount }
  /** The same of what is delivered to the grid; nothing here generates, so that it never binds. */
  | { readonly kind: 'export cap' }
  /** As little as can be. */
  | { readonly kind: 'least' }
  | { readonly kind: 'price'; readonly value: number }
  /** Nothing to act on: people are told. */
  | { readonly kind: 'notice'; readonly text: string };

/** Payloads of one quantity contradict each other, so that priority decides; others hold side by side. */
export type Quantity = string;

export type PayloadMeaning =
  /** More than one demand: each holds for an equal part of the interval. */
  { readonly quantity: Quantity; readonly demands: readonly Demand[] } | { readonly ignored: string };

interface PayloadRule {
  readonly quantity?: Quantity;
  /** One value after the other, each for its part of the interval (3.1 Definition, event payload enumerations). */
  readonly splits?: boolean;
  /** @returns why not, where the value is none that this type can have */
  readonly read: (value: unknown, units: string | undefined, policy: PlanningPolicy) => Demand | string;
}

const number = (
  use: (value: number, units: string | undefined, policy: PlanningPolicy) => Demand | string,
): PayloadRule['read'] => {
  return (value, units, policy) => {
    const given = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof given === 'number' && Number.isFinite(given) ? use(given, units, policy) : 'its value is no number';
  };
};

const POWER_UNITS: Readonly<Record<string, number>> = { W: 1, KW: 1e3, MW: 1e6, KVA: 1e3 };
const isPercent = (units: string | undefined): boolean => units === 'PERCENT' || units === 'PERCENTAGE';

/** PERCENT is −1…1 by the Definition, yet its samples write 33: above 1 it is read as 0…100. */
const fraction = (value: number): number => (Math.abs(value) > 1 ? value / 100 : value);

const power = (use: (amount: Amount) => Demand): PayloadRule['read'] =>
  number((value, units) => {
    if (isPercent(units)) return use({ unit: 'part', value: fraction(value) });
    const scale = POWER_UNITS[units ?? 'KW'];
    return scale === undefined ? `its unit ${units} is none of power` : use({ unit: 'W', value: watts(value * scale) });
  });
const nonNegative =
  (use: (amount: Amount) => Demand): PayloadRule['read'] =>
  (value, units, policy) =>
    Number(value) < 0 ? 'its value is negative' : power(use)(value, units, policy);

const cap = (role: 'limit' | 'subscription' | 'reservation'): PayloadRule => ({
  read: nonNegative((amount) => ({ kind: 'cap', role, amount })),
});
const exportCap: PayloadRule = { read: () => ({ kind: 'export cap' }) };
const price: PayloadRule = { splits: true, read: number((value) => ({ kind: 'price', value })) };
const notice: PayloadRule = { read: (value) => ({ kind: 'notice', text: value === undefined ? '' : String(value) }) };

const simple = number((value) =>
  value === 0 || value === 1 || value === 2 || value === 3
    ? { kind: 'level', level: value }
    : `level ${value} is none of 0, 1, 2, 3`,
);
const offset = number((value) =>
  Math.abs(value) <= 10 ? { kind: 'offset', part: value / 10 } : `its value ${value} is outside −10…10`,
);
const offsetPercent = number((value, _units, policy) => {
  const part = fraction(value);
  if (Math.abs(part) > 1) return `its value ${value} is outside −100…100 %`;
  return { kind: 'change', amount: { unit: 'part', value: policy.offsetPercent === 'positive-is-less' ? -part : part } };
});
const chargeState = number((value, units) => {
  if (value < 0) return 'its value is negative';
  if (units === 'KWH') return { kind: 'charge', to: { unit: 'Wh', value: value * 1000 } };
  const part = fraction(value);
  return part > 1 ? `its value ${value} is above 100 %` : { kind: 'charge', to: { unit: 'part', value: part } };
});
const controlSetpoint: PayloadRule['read'] = (value, units, policy) => {
  if (policy.controlSetpoint === undefined) return 'what it means is not configured';
  const kind = policy.controlSetpoint === 'absolute' ? 'total' : 'change';
  return power((amount) => ({ kind, amount }))(value, units, policy);
};

/** Event payload types (OpenADR 3.1 Definition, event payload enumerations); a quantity that is not given is the type. */
const RULES: Readonly<Record<string, PayloadRule>> = {
  SIMPLE: { quantity: 'level', read: simple },
  CONTROL_LEVEL_OFFSET: { quantity: 'level', read: offset },
  CONTROL_LEVEL_OFFSET_PERCENT: { quantity: 'level', read: offsetPercent },
  DISPATCH_SETPOINT: { quantity: 'dispatch', read: nonNegative((amount) => ({ kind: 'total', amount })) },
  DISPATCH_SETPOINT_RELATIVE: { quantity: 'dispatch', read: power((amount) => ({ kind: 'change', amount })) },
  CONTROL_SETPOINT: { quantity: 'dispatch', read: controlSetpoint },
  CHARGE_STATE_SETPOINT: { read: chargeState },
  IMPORT_CAPACITY_LIMIT: cap('limit'),
  IMPORT_CAPACITY_SUBSCRIPTION: cap('subscription'),
  IMPORT_CAPACITY_RESERVATION: cap('reservation'),
  EXPORT_CAPACITY_LIMIT: exportCap,
  EXPORT_CAPACITY_SUBSCRIPTION: exportCap,
  EXPORT_CAPACITY_RESERVATION: exportCap,
  ALERT_BLACK_START: { read: () => ({ kind: 'least' }) },
  ALERT_FLEX_ALERT: { read: (_value, _units, { flexAlertLevel }) => ({ kind: 'level', level: flexAlertLevel }) },
  ALERT_GRID_EMERGENCY: { read: (_value, _units, { gridEmergencyLevel }) => ({ kind: 'level', level: gridEmergencyLevel }) },
  PRICE: price,
  EXPORT_PRICE: price,
  PRICE_ALTERNATE: price,
  GHG: price,
  ALERT_POSSIBLE_OUTAGE: notice,
  ALERT_FIRE: notice,
  ALERT_FREEZING: notice,
  ALERT_WIND: notice,
  ALERT_TSUNAMI: notice,
  ALERT_AIR_QUALITY: notice,
  ALERT_OTHER: notice,
  IMPORT_CAPACITY_RESERVATION_FEE: notice,
  IMPORT_CAPACITY_AVAILABLE: notice,
  IMPORT_CAPACITY_AVAILABLE_PRICE: notice,
  EXPORT_CAPACITY_RESERVATION_FEE: notice,
  EXPORT_CAPACITY_AVAILABLE: notice,
  EXPORT_CAPACITY_AVAILABLE_PRICE: notice,
  DISPATCH_INSTRUCTION: notice,
  CURVE: notice,
  OLS: notice,
  CTA2045_REBOOT: notice,
  CTA2045_SET_OVERRIDE_STATUS: notice,
};

/**
 * What a payload means.
 * @param units those of the descriptor for its type, in capitals
 */
export function readPayload({ type, values }: Attribute, units: string | undefined, policy: PlanningPolicy): PayloadMeaning {
  const rule = Object.hasOwn(RULES, type) ? RULES[type] : undefined;
  if (rule === undefined) return { ignored: `payload type ${type} is not known` };
  const used = rule.splits && values.length > 0 ? values : [values[0]];
  const demands: Demand[] = [];
  for (const value of used) {
    const demand = rule.read(value, units, policy);
    if (typeof demand === 'string') return { ignored: `payload ${type}: ${demand}` };
    demands.push(demand);
  }
  return { quantity: rule.quantity ?? type, demands };
}

/** Whether it may change what a resource draws. */
export function actsOnLoad(demand: Demand): boolean {
  switch (demand.kind) {
    case 'level':
      return demand.level > 0;
    case 'offset':
      return demand.part !== 0;
    case 'price':
    case 'notice':
    case 'export cap':
      return false;
    default:
      return true;
  }
}
