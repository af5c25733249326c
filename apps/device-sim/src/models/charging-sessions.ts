import { type Random, seededRandom, uniform } from '@venfleet/core';
import { DAY_MS, dayFacts, HOUR_MS, toLocal, toUtc } from './calendar.js';
import type { ChargingSession } from './model.js';
import { chance } from './noise.js';

/** Who charges there. */
export type StationKind = 'workplace' | 'home' | 'public';

/** Bounds of what comes to a station's sockets, in Wh: E_min and E_max of the resource. */
export interface BatteryBounds {
  readonly minWh: number;
  readonly maxWh: number;
}

/** Local times, in hours from the start of the slot. */
interface Stay {
  readonly arrivalH: number;
  readonly departureH: number;
}

/**
 * Time at a station is cut into slots of local time, each with one session at most that lies wholly within
 * it. So the sessions of any slot can be drawn without those before it.
 */
interface Pattern {
  readonly slotH: number;
  /** Local time at which slot 0 begins: a home's nights must not be cut in two. */
  readonly firstH: number;
  /** Range of the battery's state of charge on arrival. */
  readonly arrivalCharge: readonly [number, number];
  /** A stay in the slot that begins at local hour `hour` of a working or free day; `tomorrowFree` is for those who leave next day. */
  stay(random: Random, hour: number, free: boolean, tomorrowFree: boolean): Stay | undefined;
}

const WORKPLACE: Pattern = {
  slotH: 24,
  firstH: 0,
  arrivalCharge: [0.35, 0.75],
  stay(random, _hour, free) {
    if (random.next() >= (free ? 0.06 : 0.8)) return undefined;
    const arrivalH = clamp(bell(random, 7.9, 0.75), 5.5, 11);
    return { arrivalH, departureH: arrivalH + clamp(bell(random, 7.5, 1.2), 3, 11) };
  },
};

const HOME: Pattern = {
  slotH: 24,
  firstH: 12,
  arrivalCharge: [0.25, 0.7],
  stay(random, _hour, free, tomorrowFree) {
    if (random.next() >= (free ? 0.6 : 0.75)) return undefined;
    const arrivalH = clamp(bell(random, 5.5, 1.8), 1, 11);
    return { arrivalH, departureH: clamp(bell(random, tomorrowFree ? 21.5 : 19.3, 1), 17, 23.5) };
  },
};

const PUBLIC_SLOT_H = 3;
/** Chance of a session in the slots from 00, 03, 06 … 21 o'clock. */
const PUBLIC_USE: readonly number[] = [0.03, 0.03, 0.25, 0.45, 0.55, 0.6, 0.5, 0.2];
const PUBLIC: Pattern = {
  slotH: PUBLIC_SLOT_H,
  firstH: 0,
  arrivalCharge: [0.15, 0.6],
  stay(random, hour) {
    if (random.next() >= (PUBLIC_USE[hour / PUBLIC_SLOT_H] as number)) return undefined;
    const lengthH = uniform(random, 0.6, 2.6);
    const arrivalH = uniform(random, 0, PUBLIC_SLOT_H - lengthH);
    return { arrivalH, departureH: arrivalH + lengthH };
  },
};

const PATTERNS: Readonly<Record<StationKind, Pattern>> = { workplace: WORKPLACE, home: HOME, public: PUBLIC };

const KIND_CHANNEL = 64;

/** The resource does not say who uses a station, so chance does: 30 % at work, 30 % at home, 40 % in public. */
export function stationKind(key: number): StationKind {
  const draw = chance(key, KIND_CHANNEL);
  if (draw < 0.3) return 'workplace';
  return draw < 0.6 ? 'home' : 'public';
}

/** The number of the slot of `kind` in which `utcMs` lies. */
export function slotAt(kind: StationKind, utcMs: number): number {
  const { slotH, firstH } = PATTERNS[kind];
  return Math.floor((toLocal(utcMs) - firstH * HOUR_MS) / (slotH * HOUR_MS));
}

/** The instant at which slot `slot` begins. */
export function slotStart(kind: StationKind, slot: number): number {
  return toUtc(localSlotStart(PATTERNS[kind], slot));
}

const localSlotStart = ({ slotH, firstH }: Pattern, slot: number): number => slot * slotH * HOUR_MS + firstH * HOUR_MS;

/** The session in a slot of the station `key`, if there is one: always the same for the same arguments. */
export function sessionIn(kind: StationKind, key: number, slot: number, bounds: BatteryBounds): ChargingSession | undefined {
  const pattern = PATTERNS[kind];
  const random = seededRandom(`${key}/${slot}`);
  const localStart = localSlotStart(pattern, slot);
  const day = Math.floor(localStart / DAY_MS);
  const hour = (localStart - day * DAY_MS) / HOUR_MS;
  const stay = pattern.stay(random, hour, isFree(day), isFree(day + 1));
  if (stay === undefined) return undefined;
  // The hour that is left out in March may push either end beyond the slot.
  const end = slotStart(kind, slot + 1);
  const arrival = Math.min(end, toUtc(localStart + toSecond(stay.arrivalH)));
  const departure = Math.min(end, toUtc(localStart + toSecond(stay.departureH)));
  return departure > arrival ? { arrival, departure, ...vehicle(random, pattern, bounds) } : undefined;
}

/** Hours in ms, to the second. */
const toSecond = (hours: number): number => Math.round(hours * 3600) * 1000;

function isFree(day: number): boolean {
  const { weekday, publicHoliday } = dayFacts(day);
  return weekday >= 5 || publicHoliday;
}

type Vehicle = Omit<ChargingSession, 'arrival' | 'departure'>;

function vehicle(random: Random, { arrivalCharge }: Pattern, { minWh, maxWh }: BatteryBounds): Vehicle {
  const batteryWh = maxWh * uniform(random, 0.4, 1);
  const arrivalWh = Math.min(batteryWh, Math.max(minWh, batteryWh * uniform(random, ...arrivalCharge)));
  const targetWh = batteryWh * (random.next() < 0.3 ? 1 : uniform(random, 0.8, 1));
  const phases = random.next() < 0.2 ? 1 : 3;
  // Plug-in hybrids and most battery vehicles take 16 A; 7.4 kW (1 × 32 A) and 22 kW (3 × 32 A) exist.
  const maxCurrentA = random.next() < (phases === 1 ? 0.6 : 0.85) ? 16 : 32;
  return { batteryWh, arrivalWh, wantedWh: Math.max(0, targetWh - arrivalWh), maxCurrentA, phases };
}

/** About normally distributed (Irwin–Hall of four), within mean ± 3.5 deviations. */
function bell(random: Random, mean: number, deviation: number): number {
  const sum = random.next() + random.next() + random.next() + random.next();
  return mean + deviation * Math.sqrt(3) * (sum - 2);
}

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));
