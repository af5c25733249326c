import type { WattHours, Watts } from '@venfleet/core';
import { type Reading, ReadingFlag } from '../readings/reading.js';
import type { Sample } from './meter.js';

/** The reading in a sample; a value that is no finite number is left out and flagged. */
export function readingOf(resource: number, { at, values }: Sample): Reading {
  const [power, importEnergy, exportEnergy] = [values.powerW, values.energyImportWh, values.energyExportWh];
  const isInvalid = [power, importEnergy, exportEnergy].some((value) => value !== undefined && !Number.isFinite(value));
  return {
    resource,
    at,
    power: finite(power) as Watts | undefined,
    importEnergy: finite(importEnergy) as WattHours | undefined,
    exportEnergy: finite(exportEnergy) as WattHours | undefined,
    flags: isInvalid ? ReadingFlag.INVALID : 0,
  };
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
