import { type Instant, instant } from '@venfleet/core';
import { createSite } from '../models/create-site.js';
import type { SimResource } from '../models/model.js';
import { createWorld } from '../models/world.js';

export interface HistoryResource extends SimResource {
  readonly ven: string;
  readonly meterPointId: string;
}

/** What a meter showed at one moment. */
export interface HistoryRow {
  readonly at: Instant;
  readonly resource: HistoryResource;
  readonly powerW: number;
  readonly energyImportWh: number;
  readonly energyExportWh: number;
  readonly voltageL1V: number;
  readonly frequencyHz: number;
}

export interface HistorySpan {
  readonly from: Instant;
  /** Not included. */
  readonly to: Instant;
  readonly stepMs: number;
  readonly seed: string | number;
}

/** The physics run in steps of at most a minute, whatever the step between rows. */
const LONGEST_PHYSICS_STEP_MS = 60_000;

/** The readings of some meters, by time and then in the order of `resources`. */
export function* historyRows(
  resources: readonly HistoryResource[],
  { from, to, stepMs, seed }: HistorySpan,
): Generator<HistoryRow> {
  const step = Math.min(stepMs, LONGEST_PHYSICS_STEP_MS);
  const world = createWorld({ seed, start: from, step: step as ReturnType<typeof createWorld>['step'] });
  const sites = resources.map((resource) => ({ resource, model: createSite(resource, world) }));
  for (let at = from; at < to; at = instant(at + stepMs)) {
    for (const { resource, model } of sites) {
      const { powerW, energyImportWh, energyExportWh, voltageL1V, frequencyHz } = model.readMeter(at);
      yield { at, resource, powerW, energyImportWh, energyExportWh, voltageL1V, frequencyHz };
    }
  }
}

/** How many rows each meter has. */
export function rowsPerMeter({ from, to, stepMs }: HistorySpan): number {
  return Math.max(0, Math.ceil((to - from) / stepMs));
}
