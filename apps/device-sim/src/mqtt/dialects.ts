import { type Instant, instant } from '@venfleet/core';
import type { MqttProfile, PayloadParameters, Values } from '@venfleet/devices';
import { DAY_MS, toLocal, toUtc } from '../models/calendar.js';

/** What a device publishes of its own accord. */
export interface Routine {
  /** Messages of the profile, published together. */
  readonly messages: readonly string[];
  readonly periodMs: number;
  /** Looks between two periods, and publishes when the power has changed. */
  readonly onChange?: { readonly checkMs: number; readonly relative: number; readonly absoluteW: number };
}

/** How the devices of one profile behave beyond what the profile says. */
export interface Dialect {
  readonly routines: readonly Routine[];
  /** The values of `message` that go beyond the canonical ones, or a choice of them. */
  values?(message: string, meter: Values, context: DialectContext): Values;
}

export interface DialectContext {
  readonly now: Instant;
  /** What this device keeps between two messages. */
  memory(): DeviceMemory;
  /** The import counter as it was at an instant that is not over, or now. */
  importAt(at: Instant): number;
}

/** Counters that Tasmota shows beside the total, and the state of its relay. */
export interface DeviceMemory {
  relay: 'ON' | 'OFF';
  /** Local day (since 1970) of `midnightWh`. */
  day: number;
  midnightWh: number;
  yesterdayWh: number;
  /** The counter in the latest periodic message. */
  periodWh: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/**
 * Shelly: `em` every minute and when the power has changed by 5 % and at least 10 W (looked at every five
 * seconds; by 10 W alone a hotel would talk without pause); `emdata` once a minute. Both also as
 * NotifyStatus, which tells the one component that it is about.
 */
const SHELLY: Dialect = {
  routines: [
    {
      messages: ['em', 'notify'],
      periodMs: MINUTE,
      onChange: { checkMs: 5 * SECOND, relative: 0.05, absoluteW: 10 },
    },
    { messages: ['emdata'], periodMs: MINUTE },
  ],
  values(message, meter) {
    const values = { ...meter, 'x-b-freq': meter.frequencyHz, 'x-c-freq': meter.frequencyHz };
    if (message !== 'notify') return values;
    return Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith('energy')));
  },
};

/** Tasmota: SENSOR each TelePeriod, 300 s unless set otherwise. */
const TASMOTA: Dialect = {
  routines: [{ messages: ['sensor'], periodMs: 300 * SECOND }],
  values(message, meter, { now, memory: remembered, importAt }) {
    const memory = remembered();
    const total = Number(meter.energyImportWh);
    turnDay(memory, now, importAt);
    const values = {
      ...meter,
      'x-today-kwh': (total - memory.midnightWh) / 1000,
      'x-yesterday-kwh': memory.yesterdayWh / 1000,
      'x-period-wh': total - memory.periodWh,
      'x-relay': memory.relay,
    };
    if (message === 'sensor') memory.periodWh = total;
    return values;
  },
};

/** The flex-controller: on change, and as a sign of life well within the profile's `staleAfterS`. */
const FLEX_CONTROLLER: Dialect = { routines: [{ messages: ['state'], periodMs: MINUTE }] };

const DIALECTS: Readonly<Record<string, Dialect>> = {
  'shelly-pro-3em': SHELLY,
  'tasmota-energy': TASMOTA,
  'flex-controller': FLEX_CONTROLLER,
};

/** The dialect of a profile; one that is not known here publishes all that it can say every ten seconds. */
export function dialectOf(profile: MqttProfile): Dialect {
  const known = DIALECTS[profile.id];
  if (known !== undefined) return known;
  const answers = new Set([...profile.queries.values()].map((query) => query.answer));
  const messages = [...profile.messages.values()].filter((m) => !m.topic.includes('{client}') && !answers.has(m.name));
  return { routines: [{ messages: messages.map((m) => m.name), periodMs: 10 * SECOND }] };
}

/** Local midnight closes the day's counter. */
function turnDay(memory: DeviceMemory, now: Instant, importAt: (at: Instant) => number): void {
  const today = Math.floor(toLocal(now) / DAY_MS);
  if (today === memory.day) return;
  const midnightWh = importAt(instant(toUtc(today * DAY_MS)));
  memory.yesterdayWh = today === memory.day + 1 ? midnightWh - memory.midnightWh : 0;
  memory.midnightWh = midnightWh;
  memory.day = today;
}

/** @param totalWh the counter at the start: the day's begins there */
export function newMemory(start: Instant, totalWh: number): DeviceMemory {
  const day = Math.floor(toLocal(start) / DAY_MS);
  return { relay: 'ON', day, midnightWh: totalWh, yesterdayWh: 0, periodWh: totalWh };
}

/** What fills the payload templates: the device's name by its own address, and its clock, local and without zone. */
export function parametersOf(deviceId: string, topic: string, now: Instant): PayloadParameters {
  return { topic, device: deviceId, time: localTime(now), ts: Math.round(now / 10) / 100 };
}

/** `2026-01-15T06:00:00`, Danish time. */
export function localTime(now: Instant): string {
  return new Date(toLocal(now)).toISOString().slice(0, 19);
}
