import { type Duration, seconds } from '@venfleet/core';
import { z } from 'zod';

/** The part `control` of the agent's settings file. */
export const controlSchema = z
  .strictObject({
    validForS: z
      .int()
      .min(15)
      .max(3600)
      .meta({ description: 'how long a controller holds a limit that is not renewed; then it lets go by itself', default: 120 }),
    restoreOverS: z.number().min(0).max(3600).meta({
      description: 'when an event has ended, its resources are released one after the other, by chance, within that time',
      default: 120,
    }),
    releaseFound: z
      .boolean()
      .meta({ description: 'release a limit that is found on a controller and belongs to no event', default: true }),
    onStop: z.enum(['hold', 'release']).meta({
      description: 'a stopping agent leaves limits to the controllers’ own validity, or releases them',
      default: 'hold',
    }),
    checkEveryS: z
      .number()
      .min(10)
      .max(86_400)
      .meta({ description: 'how often a controller that is told nothing is looked at', default: 300 }),
  })
  .partial();

export interface ControlSettings {
  /** How long a controller holds a limit that is not renewed. */
  readonly validFor: Duration;
  /** Resources whose limit has ended are released one after the other, by chance, within that time. */
  readonly restoreOver: Duration;
  /** Whether a limit is released that is found on a controller and belongs to no event. */
  readonly releaseFound: boolean;
  /** Whether a stopping agent leaves limits to the controllers' own validity, or releases them. */
  readonly onStop: 'hold' | 'release';
  /** How often a controller that is told nothing is looked at. */
  readonly checkEvery: Duration;
}

/** The settings with their defaults. */
export function controlSettings(file: z.infer<typeof controlSchema> = {}): ControlSettings {
  return {
    validFor: seconds(file.validForS ?? 120),
    restoreOver: seconds(file.restoreOverS ?? 120),
    releaseFound: file.releaseFound ?? true,
    onStop: file.onStop ?? 'hold',
    checkEvery: seconds(file.checkEveryS ?? 300),
  };
}
