import { type Instant, instant, kilowattHours, kilowatts, seconds, watts } from '@venfleet/core';
import { Charger } from '../../src/models/charger.js';
import { FlexSite } from '../../src/models/flex-site.js';
import type { MeterValues, SimResource } from '../../src/models/model.js';
import { createWorld } from '../../src/models/world.js';

export const SUB_TYPES = ['Bakeries', 'Bars', 'Restaurants', 'Schools', 'Industries', 'Swimming Pools', 'Hotels', 'Breweries'];

export const at = (iso: string): Instant => instant(Date.parse(iso));
export const plus = (time: Instant, s: number): Instant => instant(time + s * 1000);

interface Options {
  readonly seed?: string | number;
  readonly start?: Instant;
  readonly stepS?: number;
  readonly resource?: Partial<SimResource>;
}

const load: SimResource = {
  resourceId: 'a site',
  type: 'DSR',
  subType: 'Hotels',
  pMin: watts(0),
  pMax: kilowatts(50),
  eMin: kilowattHours(0),
  eMax: kilowattHours(200),
};

/** Noon of a working Thursday. */
export const NOON = at('2026-01-15T11:00:00Z');

export function flexSite({ seed = 1, start = NOON, stepS = 1, resource }: Options = {}): FlexSite {
  return new FlexSite({ ...load, ...resource }, createWorld({ seed, start, step: seconds(stepS) }));
}

export function charger({ seed = 1, start = NOON, stepS = 1, resource }: Options = {}): Charger {
  const station: SimResource = {
    ...load,
    type: 'EV',
    subType: 'Charging Stations',
    pMax: kilowatts(22),
    eMax: kilowattHours(100),
  };
  return new Charger({ ...station, ...resource }, createWorld({ seed, start, step: seconds(stepS) }));
}

/** Mean power in W between two readings' instants, from the energy counter. */
export function meanPower(site: { readMeter(at: Instant): MeterValues }, from: Instant, to: Instant): number {
  const before = site.readMeter(from).energyImportWh;
  return ((site.readMeter(to).energyImportWh - before) * 3_600_000) / (to - from);
}
