import { execFile } from 'node:child_process';
import { describeError } from '../errors.js';
import type { Logger } from '../ports.js';
import { type Duration, milliseconds } from '../units.js';

/** A service manager that wants to know how this process does. */
export interface ServiceManager {
  /** Tells it assignments of sd_notify(3), e.g. `{ READY: '1' }`; a failure is logged and nothing more. */
  notify(state: Readonly<Record<string, string>>): Promise<void>;
  /** It ends and restarts a process that is silent for so long; undefined where it does not watch. */
  readonly watchdog: Duration | undefined;
}

const NOTIFY = 'systemd-notify';
const LONGEST_CALL_MS = 10_000;

/**
 * The service manager that started this process and asked to be notified (NOTIFY_SOCKET); undefined without one. It is
 * told by systemd's own command, for Node has no datagram sockets of the Unix kind (docs/adr says why no native module);
 * so its unit needs NotifyAccess=all.
 * @param command systemd-notify, or what a test puts in its place
 */
export function serviceManager(env: NodeJS.ProcessEnv, logger: Logger, command = NOTIFY): ServiceManager | undefined {
  const { NOTIFY_SOCKET: socket, PATH: path } = env;
  if (socket === undefined || socket === '') return undefined;
  let failed = false;
  return {
    watchdog: watchdogOf(env),
    notify: (state) =>
      new Promise((resolve) => {
        const assignments = Object.entries(state).map(([key, value]) => `${key}=${value.replace(/\s+/g, ' ')}`);
        // Without the agent's environment, which holds secrets.
        const options = { env: { NOTIFY_SOCKET: socket, PATH: path }, timeout: LONGEST_CALL_MS };
        execFile(command, assignments, options, (error) => {
          if (error !== null && !failed) {
            logger.error({ reason: describeError(error) }, 'the service manager cannot be notified');
          }
          failed = error !== null;
          resolve();
        });
      }),
  };
}

/** WATCHDOG_USEC counts for the process that it names, not for one that inherited the environment. */
function watchdogOf({ WATCHDOG_USEC: interval, WATCHDOG_PID: pid }: NodeJS.ProcessEnv): Duration | undefined {
  if (interval === undefined || !/^[1-9]\d*$/.test(interval)) return undefined;
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  return milliseconds(Number(interval) / 1000);
}
