import { writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import {
  type Clock,
  hours,
  type Instant,
  instant,
  milliseconds,
  minutes,
  seconds,
  seededRandom,
  silentLogger,
  systemClock,
} from '@venfleet/core';
import { FakeClock } from '@venfleet/core/testing';
import { Simulator } from '@venfleet/device-sim';
import { Agent, auditOutbox, loadAgentConfig, Outbox, registerFleet } from '@venfleet/ven-agent';
import { prepareDevices } from '../devices.js';
import { venNamesOf } from '../fleet.js';
import { startMock } from '../mock.js';
import { type Fleet, fleetOf } from '../recording.js';
import type { Workplace } from '../workplace.js';
import { CountingLogger } from './counting-logger.js';
import { DirectBroker } from './direct-broker.js';
import { directGateways } from './gateway-link.js';
import { INTERVAL, type Operator, operatorOf } from './operator.js';
import { bytesWritten, memory } from './process-figures.js';
import { RequestsUnderWay } from './requests.js';

export interface SoakOptions {
  /** Simulated. */
  readonly hours: number;
  /** The VEN's name; the biggest one, of 627 resources, unless given. */
  readonly ven?: string | undefined;
  /** As in the agent's settings file. */
  readonly flushIntervalMs?: number | undefined;
  readonly mergeIntervalMs?: number | undefined;
  /** Called after each simulated hour. */
  readonly onHour?: (sample: SoakSample) => void;
}

/** How the process is after so many simulated hours. */
export interface SoakSample {
  readonly hour: number;
  readonly rssMB: number;
  readonly heapMB: number;
  /** Since the start; undefined where the system does not tell. */
  readonly writtenMB: number | undefined;
  readonly readings: number;
}

export interface SoakResult {
  readonly resources: number;
  readonly hours: number;
  readonly tookS: number;
  readonly readings: { readonly expected: number; readonly stored: number; readonly lost: number };
  readonly reports: {
    readonly expected: number;
    readonly acknowledged: number;
    readonly atVtn: number;
    readonly doubled: number;
  };
  /** Setpoints that the devices were written. */
  readonly setpoints: number;
  readonly samples: readonly SoakSample[];
  /** What was logged at level warn or error, and how often. */
  readonly complaints: Readonly<Record<string, number>>;
}

/** What is begun at an instant is done a little later, and the last report waits for the meters. */
const RUN_OUT = minutes(2);
/** A VTN on this machine that takes longer than that has failed. */
const LONGEST_REQUEST_MS = 60_000;

/**
 * Lets an agent of one VEN live through simulated hours: its own clock jumps from one thing to do to the next, and waits
 * only for the VTN, which is a process of its own. Devices and the agent share this process without a network between them.
 */
export async function soak(place: Workplace, options: SoakOptions): Promise<SoakResult> {
  const { db, profiles } = await prepareDevices(place);
  const ven = options.ven ?? (venNamesOf(db)[0] as string);
  const fleet = fleetOf(place, db, [ven]);
  const mock = await startMock(place, fleet.credentials, ':memory:');
  const vtn = { url: mock.urls['3.1.0'], credentials: fleet.credentials };
  const state = place.path('state/ven-agent.db');
  await registerFleet({ vtn, db, state, vens: [ven], signal: place.signal });
  const clock = new FakeClock(nextHour());
  const broker = new DirectBroker();
  const simulator = new Simulator({
    db,
    profiles,
    selection: { ven },
    seed: 'soak',
    clock,
    link: async () => broker,
    logger: silentLogger,
  });
  await simulator.start();
  place.atEnd(() => simulator.stop());
  const operator = await operatorOf(mock, fleet.business);
  await operator.ask(clock.now(), options.hours);
  const logger = new CountingLogger();
  const agent = new Agent({
    config: agentConfig(place, { ...options, ...vtn, db, state, profiles }),
    vens: [ven],
    report: true,
    control: true,
    links: { openGateway: directGateways(simulator), openBroker: broker.open },
    env: {},
    clock: inWholeMilliseconds(clock),
    random: seededRandom('soak'),
    logger,
  });
  return drive({ place, agent, clock, simulator, operator, logger, fleet, state, options });
}

interface Run {
  readonly place: Workplace;
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly simulator: Simulator;
  readonly operator: Operator;
  readonly logger: CountingLogger;
  readonly fleet: Fleet;
  readonly state: string;
  readonly options: SoakOptions;
}

async function drive({ place, agent, clock, simulator, operator, logger, state, options }: Run): Promise<SoakResult> {
  const begun = systemClock.monotonic();
  const written = bytesWritten();
  const requests = new RequestsUnderWay();
  const { resources } = await agent.start();
  const samples: SoakSample[] = [];
  try {
    for (let hour = 1; hour <= Math.ceil(options.hours); hour++) {
      await pass(clock, requests, Math.min(1, options.hours - (hour - 1)) * hours(1), place.signal);
      const now = bytesWritten();
      const writtenMB = now === undefined || written === undefined ? undefined : Math.round((now - written) / 1e6);
      const sample = { hour, ...memory(), writtenMB, readings: agent.status()?.metering.readings ?? 0 };
      samples.push(sample);
      options.onHour?.(sample);
    }
    await pass(clock, requests, RUN_OUT, place.signal);
    const { metering, readings } = agent.status() ?? failed('the agent has no status');
    const { lost, added } = readings.store;
    const expected = metering.onTime + metering.late + metering.failed + metering.skipped;
    const setpoints = [...simulator.devices.values()].reduce((sum, { site }) => sum + site.writes, 0);
    const reports = { ...audited(state, clock), atVtn: await operator.countReports() };
    return {
      resources,
      hours: options.hours,
      tookS: Math.round((systemClock.monotonic() - begun) / 1000),
      readings: { expected, stored: added, lost },
      reports: { ...reports, expected: Math.floor(hours(options.hours) / INTERVAL) },
      setpoints,
      samples,
      complaints: Object.fromEntries(logger.counts),
    };
  } finally {
    await agent.stop();
    requests.close();
  }
}

/** Lets time pass second by second, each time until the VTN has answered. */
async function pass(clock: FakeClock, requests: RequestsUnderWay, duration: number, signal: AbortSignal): Promise<void> {
  for (let left = duration; left > 0; left -= seconds(1)) {
    signal.throwIfAborted();
    await clock.advance(milliseconds(Math.min(left, seconds(1))));
    const patience = systemClock.monotonic() + LONGEST_REQUEST_MS;
    while (requests.count > 0) {
      if (systemClock.monotonic() > patience) failed(`the VTN has not answered for ${LONGEST_REQUEST_MS / 1000} s`);
      await setImmediate();
    }
  }
}

function audited(state: string, clock: FakeClock) {
  const outbox = Outbox.openReadonly(state.replace('ven-agent.db', 'outbox.db'), clock);
  try {
    const { acknowledged, doubled } = auditOutbox(outbox, {});
    return { acknowledged, doubled };
  } finally {
    outbox.close();
  }
}

interface AgentPlaces extends SoakOptions {
  readonly url: string;
  readonly credentials: string;
  readonly db: string;
  readonly state: string;
  readonly profiles: string;
}

function agentConfig(place: Workplace, { url, credentials, db, state, profiles, flushIntervalMs, mergeIntervalMs }: AgentPlaces) {
  const path = place.path('ven-agent.yaml');
  const readings = { flushIntervalMs, mergeIntervalMs };
  // JSON is YAML. Told of nothing, the agent polls: what is pushed would come at a time of this machine's.
  writeFileSync(path, JSON.stringify({ version: 1, events: { push: 'off' }, readings, ops: { port: 0 } }));
  return loadAgentConfig({ config: path, vtnUrl: url, vtnVersion: '3.1.0', credentials, db, state, profiles }, {});
}

/** As the system's clock tells the time; the jumping one stops in between, too. */
function inWholeMilliseconds(clock: FakeClock): Clock {
  return {
    now: () => instant(Math.round(clock.now())),
    monotonic: () => clock.monotonic(),
    sleep: (duration, signal) => clock.sleep(duration, signal),
  };
}

function nextHour(): Instant {
  return instant(Math.ceil(systemClock.now() / hours(1)) * hours(1));
}

function failed(reason: string): never {
  throw new Error(reason);
}
