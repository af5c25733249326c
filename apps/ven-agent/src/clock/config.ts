import { type Duration, seconds } from '@venfleet/core';
import { z } from 'zod';

const SYNC_MODES = ['auto', 'require', 'ignore'] as const;

/** The part `clock` of the agent's settings file. */
export const clockSchema = z
  .strictObject({
    sync: z.enum(SYNC_MODES).meta({
      description:
        '`auto` waits where there is a reason to doubt the clock; `require` until something says that it is right; `ignore` only where it is wrong for certain',
      default: 'auto',
    }),
    maxWaitS: z.int().min(0).max(86_400).meta({ description: 'how long `auto` waits at most', default: 300 }),
    syncFile: z.string().min(1).meta({
      description: 'there as soon as the system’s clock is synchronised',
      default: '/run/systemd/timesync/synchronized',
    }),
  })
  .partial();

export interface ClockSettings {
  /**
   * auto: waits where there is a reason to doubt the clock, and at most for `maxWait`. require: waits until something says
   * that it is right. ignore: only a clock that is wrong for certain is waited for.
   */
  readonly sync: (typeof SYNC_MODES)[number];
  readonly maxWait: Duration;
  /** There as soon as the system's clock is synchronised. */
  readonly syncFile: string;
}

/** The settings with their defaults: systemd-timesyncd's file (systemd-timesyncd.service(8), FILES). */
export function clockSettings(file: z.infer<typeof clockSchema> = {}): ClockSettings {
  return {
    sync: file.sync ?? 'auto',
    maxWait: seconds(file.maxWaitS ?? 300),
    syncFile: file.syncFile ?? '/run/systemd/timesync/synchronized',
  };
}
