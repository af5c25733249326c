import { instant, minutes, seconds, silentLogger, systemClock, systemRandom, VenfleetError } from '@venfleet/core';
import {
  businessClientOf,
  clientCredentialsTokens,
  createHttpTransport,
  createVtnClient,
  detectVtn,
  loadCredentials,
  type Program,
  type ReportRequest,
  type VtnClient,
} from '@venfleet/openadr';

const PROGRAM = 'venfleet-metering';
export const DEMONSTRATION_PROGRAM = 'venfleet-demonstration';
const EVENT = 'standing-report-request';
const LOAD_EVENT = 'standing-load-request';
const FIRST_LOAD_EVENT = 'first-load-request';
/** So long that a newcomer has not to wait for the first report, and so many that they last a day. */
const INTERVAL = minutes(2);
const INTERVALS = 720;

/** So often that the console shows the load as it is; each report costs the agent a few writes that wait for the disk. */
const LOAD_INTERVAL = seconds(30);

/**
 * As the agent starts, what its meters read last, for as long as the load's first mean is not known: whoever opens the
 * console then sees the fleet in seconds. The agent is up in two seconds or three and has read all of it after ten more: earlier ones
 * would be of a part of it.
 */
const FIRST_LOADS = { after: seconds(9), length: seconds(5), count: 7 } as const;

/** The VEN's energy and mean power in each interval, as soon as it is over. */
const eachInterval = { startInterval: 0, numIntervals: 1, frequency: 1, repeat: -1, historical: true } as const;
const REQUESTS: readonly ReportRequest[] = [
  { ...eachInterval, payloadType: 'USAGE', units: 'KWH', targets: [], aggregate: false, reportIntervals: 'INTERVALS' },
  {
    ...eachInterval,
    payloadType: 'DEMAND',
    readingType: 'MEAN',
    units: 'KW',
    targets: [],
    aggregate: false,
    reportIntervals: 'INTERVALS',
  },
];

/** The load of each VEN as a whole. */
const LOAD_REQUEST: ReportRequest = {
  ...eachInterval,
  payloadType: 'DEMAND',
  readingType: 'MEAN',
  units: 'KW',
  targets: [],
  aggregate: true,
  reportIntervals: 'INTERVALS',
};

const FIRST_LOAD_REQUEST: ReportRequest = { ...LOAD_REQUEST, payloadType: 'READING', readingType: 'DIRECT_READ' };

/**
 * Sees to it that the VTN has the programs that are used here, and events that ask every VEN for its readings: one for each
 * resource's that lasts a day, unless one of before still lasts, one for the VEN's load without end, and one for its
 * first loads, anew at each start.
 * @returns whether it is a new one
 */
export async function ensureStandingRequest(url: string, credentials: string): Promise<boolean> {
  const transport = createHttpTransport({ connections: 1, clock: systemClock, logger: silentLogger });
  try {
    const vtn = await detectVtn(url, { transport });
    const business = businessClientOf(loadCredentials(credentials));
    if (business === undefined) throw new VenfleetError('NO_CREDENTIALS', `${credentials} has no business-logic client`);
    const { clientId, clientSecret } = business;
    const ports = { clock: systemClock, random: systemRandom, logger: silentLogger };
    const tokens = clientCredentialsTokens({ transport, tokenUrl: vtn.tokenUrl, clientId, clientSecret, clock: systemClock });
    return await ensure(createVtnClient({ transport, vtn, role: 'BL', tokens, ...ports }));
  } finally {
    await transport.close();
  }
}

async function ensure(client: VtnClient): Promise<boolean> {
  const program = await programNamed(client, PROGRAM);
  // VENs subscribe to what there is when they start: in 3.0.1, to the events of each program (3.0.1 YAML, subscription).
  await programNamed(client, DEMONSTRATION_PROGRAM);
  const now = systemClock.now();
  const { events } = await client.listEvents({ programId: program.id });
  if (!events.some(({ name }) => name === LOAD_EVENT)) {
    const stretches = { start: now, length: LOAD_INTERVAL, intervals: [] };
    await client.createEvent({ programId: program.id, name: LOAD_EVENT, ...stretches, reportRequests: [LOAD_REQUEST] });
  }
  for (const { id, name } of events) if (name === FIRST_LOAD_EVENT) await client.deleteEvent(id);
  await client.createEvent({
    programId: program.id,
    name: FIRST_LOAD_EVENT,
    start: instant(now + FIRST_LOADS.after),
    length: FIRST_LOADS.length,
    intervals: Array.from({ length: FIRST_LOADS.count }, (_, id) => ({ id, payloads: [] })),
    reportRequests: [FIRST_LOAD_REQUEST],
  });
  const lasts = events.some(
    ({ name, start }) => name === EVENT && typeof start === 'number' && start + INTERVALS * INTERVAL > now,
  );
  if (lasts) return false;
  await client.createEvent({
    programId: program.id,
    name: EVENT,
    start: now,
    length: INTERVAL,
    intervals: Array.from({ length: INTERVALS }, (_, id) => ({ id, payloads: [] })),
    reportRequests: REQUESTS,
  });
  return true;
}

async function programNamed(client: VtnClient, name: string): Promise<Program> {
  const [known] = await client.listPrograms({ name });
  return known ?? (await client.createProgram({ name }));
}
