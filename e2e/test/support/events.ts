import { type Duration, type Logger, milliseconds, seconds, systemClock, systemRandom } from '@venfleet/core';
import { connectFleet, type EventFeed, FleetEvents, type FleetEventsOptions } from '@venfleet/ven-agent';
import type { Workplace } from './fleet.js';

export interface EventLife {
  feed(ven: string): EventFeed;
  /** Ids of the events that a VEN holds, sorted. */
  held(ven: string): string[];
  stop(): Promise<void>;
}

export interface EventLifeOptions {
  readonly url: string;
  readonly vens: readonly string[];
  readonly database: string;
  readonly push: FleetEventsOptions['settings']['push'];
  readonly pollInterval: Duration;
  /** PEM of the VTN's authority. */
  readonly caFile?: string;
  readonly logger: Logger;
}

/** One life of an agent's events, on the real clock, for VENs that are registered. */
export async function followEvents(place: Workplace, options: EventLifeOptions): Promise<EventLife> {
  const { url, vens, database, push, pollInterval, caFile, logger } = options;
  const version = url.includes('3.0.1') ? '3.0.1' : '3.1.0';
  const ca = caFile === undefined ? {} : { caFile };
  const vtn = { url, credentials: place.credentials, version, retry: HASTY, ...ca } as const;
  const connection = await connectFleet(vtn, { clock: systemClock, logger });
  const webhook = push === 'off' || push === 'mqtt' ? {} : { webhook: { host: '127.0.0.1', port: 0 } };
  const events = new FleetEvents({
    settings: { database, intervals: { alone: pollInterval, pushed: pollInterval }, startShift: 'either', push, ...webhook },
    vtnUrl: url,
    vens,
    clock: systemClock,
    random: systemRandom,
    logger,
  });
  await events.start();
  const registered = [];
  for (const name of vens) {
    const found = (await connection.forVen(name).client.listVens({ name }))[0];
    if (found === undefined) throw new Error(`${name} is not registered`);
    registered.push({ name, venId: found.id });
  }
  events.connect(connection, registered);
  const feed = (ven: string) => events.feed(ven) as EventFeed;
  return {
    feed,
    held: (ven) =>
      feed(ven)
        .held()
        .map(({ event }) => event.id)
        .sort(),
    async stop() {
      await events.stop();
      await connection.close();
    },
  };
}

const HASTY = { attempts: 2, base: milliseconds(20), cap: milliseconds(50), longestAsked: seconds(1) };

/** Waits until something is so, however slow this machine is at the moment; the test's own time limit ends it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(milliseconds(10));
}
