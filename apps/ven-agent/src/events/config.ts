import { join } from 'node:path';
import { type Duration, seconds } from '@venfleet/core';
import { z } from 'zod';
import type { StartShift } from './record.js';

/** The part `events` of the agent's settings file. */
export const eventsSchema = z
  .strictObject({
    database: z.string().min(1),
    pollIntervalS: z.number().min(1).max(3600),
    pushedPollIntervalS: z.number().min(1).max(86_400),
    startShift: z.enum(['either', 'later']),
  })
  .partial();

export interface EventsSettings {
  /** Path of the events' database. */
  readonly database: string;
  /** Mean time between two listings, alone and while the VTN tells of changes by itself. */
  readonly intervals: { readonly alone: Duration; readonly pushed: Duration };
  readonly startShift: StartShift;
}

/** The settings with their defaults. @param folder of what is not named */
export function eventsSettings(file: z.infer<typeof eventsSchema>, folder: string): EventsSettings {
  return {
    database: file.database ?? join(folder, 'events.db'),
    intervals: { alone: seconds(file.pollIntervalS ?? 30), pushed: seconds(file.pushedPollIntervalS ?? 120) },
    startShift: file.startShift ?? 'either',
  };
}
