import { existsSync } from 'node:fs';
import type { SystemTime } from './judge-clock.js';

/** What time services have while they are up: systemd-timesyncd and chrony. */
const SERVICES = ['/run/systemd/timesync', '/run/chrony'];
/** A clock that goes on while the computer is off (rtc(4)). */
const BATTERY_CLOCK = '/sys/class/rtc/rtc0';

/** What this system says of its clock. @param exists stands in for the file system in tests */
export function systemTime(syncFile: string, exists: (path: string) => boolean = existsSync): SystemTime {
  if (exists(syncFile)) return 'synchronised';
  return SERVICES.some(exists) && !exists(BATTERY_CLOCK) ? 'waiting' : 'silent';
}
