import type { Clock, Instant, Logger, Random, Shard } from '@venfleet/core';
import { loadProfiles } from '@venfleet/devices/node';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import { refuseUnfinishedRestore } from '@venfleet/sqlite';
import type { Alert } from '../alerts/model.js';
import { ClockGate } from '../clock/clock-gate.js';
import { HoldingSink } from '../clock/holding-sink.js';
import { systemTime } from '../clock/system-time.js';
import { askVtnOffset } from '../clock/vtn-time.js';
import type { AgentConfig } from '../config.js';
import { type OpenConsole, openConsole } from '../console/open-console.js';
import { Acting, type ActingOptions } from '../dispatch/acting.js';
import { FleetEvents } from '../events/fleet-events.js';
import { AgentWatch } from '../health/agent-watch.js';
import { openCsvRows } from '../metering/adapters/csv-rows.js';
import { openModbusSerial } from '../metering/adapters/modbus-serial-link.js';
import { openMqttWith } from '../metering/adapters/mqtt-link.js';
import { type ChannelPorts, createChannels } from '../metering/channels.js';
import type { MeterChannel } from '../metering/meter.js';
import { Metering, type MeterStatus } from '../metering/metering.js';
import { type MeteringPlan, planMetering } from '../metering/plan.js';
import { OpsServer } from '../ops/server.js';
import { AlarmBoard } from '../readings/alarms.js';
import { flagNames } from '../readings/reading.js';
import { Readings } from '../readings/readings.js';
import { selectVens } from '../registration/register-fleet.js';
import { ReportingLink } from './reporting-link.js';
import type { AgentStatus } from './status.js';

export interface AgentOptions {
  readonly config: AgentConfig;
  /** Only these VENs, by name. */
  readonly vens?: readonly string[] | undefined;
  /** Only the `limit` VENs with the most resources. */
  readonly limit?: number | undefined;
  /** Only one of several parts of the fleet: other agents have the others. */
  readonly shard?: Shard | undefined;
  /** False: meters and keeps, but has nothing to do with a VTN. */
  readonly report: boolean;
  /** False: hears events and reports, but tells no controller anything. */
  readonly control: boolean;
  /** What is watched for; all alerts unless given. */
  readonly alerts?: readonly Alert[] | undefined;
  /** How devices are reached; over the network unless given. */
  readonly links?: Partial<Pick<ChannelPorts, 'openGateway' | 'openBroker'>> | undefined;
  /** For passwords of brokers. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a started agent looks after. */
export interface AgentFacts {
  readonly vens: number;
  readonly resources: number;
  readonly gateways: number;
  readonly brokers: number;
  readonly files: number;
  readonly unmetered: readonly { readonly resource: string; readonly reason: string }[];
  /** Controllers that it commands; 0 with control turned off. */
  readonly controllers: number;
  /** Base URL of the health and metrics endpoints. */
  readonly ops: string;
  readonly vtn: string | null;
}

/** All parts of a running agent. */
interface Parts {
  readonly readings: Readings;
  readonly metering: Metering;
  readonly gate: ClockGate;
  /** Neither without a VTN. */
  readonly events: FleetEvents | undefined;
  readonly reporting: ReportingLink | undefined;
  readonly acting: Acting | undefined;
  readonly watch: AgentWatch;
  readonly ops: OpsServer;
}

type ConsoleParts = Pick<Parts, 'readings' | 'metering' | 'events' | 'acting' | 'watch'>;

/** The composition root: one process for one VEN or for many, whose states are apart. */
export class Agent {
  readonly #options: AgentOptions;
  readonly #alarms: AlarmBoard;
  #parts: Parts | undefined;
  #vens = new Map<string, Resource[]>();
  #plan: MeteringPlan = { gateways: [], brokers: [], files: [], unmetered: [], uncontrolled: [] };

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#alarms = new AlarmBoard(options.logger);
  }

  /**
   * Starts all parts or none. Meters, brokers and a VTN that are not there are no reason not to start.
   * @throws VenfleetError DB_…, RESTORE_UNFINISHED, PROFILES_INVALID, VEN_UNKNOWN, SHARD_EMPTY, PORT_TAKEN, …: what the operator must mend first
   */
  async start(): Promise<AgentFacts> {
    refuseUnfinishedRestore(this.#options.config.state);
    this.#load();
    const parts = this.#compose();
    const started: (() => Promise<void>)[] = [];
    try {
      await parts.readings.start();
      started.push(() => parts.readings.stop());
      await parts.events?.start();
      started.push(async () => parts.events?.stop());
      parts.acting?.open();
      started.push(async () => parts.acting?.close());
      const ops = await parts.ops.start();
      started.push(() => parts.ops.stop());
      parts.metering.start();
      parts.gate.onOpen(() => {
        parts.reporting?.start();
        parts.acting?.start();
      });
      parts.gate.start();
      parts.watch.start(ops);
      this.#parts = parts;
      return this.#facts(ops);
    } catch (error) {
      for (const stop of started.reverse()) await stop();
      throw error;
    }
  }

  /** In reverse: no more commands and reads, then no more events and reports, then the last readings go to the disk. */
  async stop(): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    await Promise.all([parts?.watch.stop(), parts?.gate.stop()]);
    await parts?.acting?.stop();
    await parts?.metering.stop();
    await parts?.events?.stop();
    await parts?.reporting?.stop();
    await parts?.acting?.close();
    await parts?.readings.stop();
    await parts?.ops.stop();
  }

  /** How it does now. */
  status(): AgentStatus | undefined {
    if (this.#parts === undefined) return undefined;
    const { metering, readings, events, reporting, acting } = this.#parts;
    return {
      metering: metering.stats,
      unmetered: this.#plan.unmetered.length,
      readings: readings.status(),
      reporting: reporting === undefined ? undefined : { ...reporting.counts(), problem: reporting.problem },
      events: events?.stats,
      control: acting?.stats,
      alarms: this.#alarms.raised,
    };
  }

  /** Each meter's own record. */
  meters(): Iterable<MeterStatus> {
    return this.#parts?.metering.statuses() ?? [];
  }

  #load(): void {
    const { config, vens, limit, shard, clock, logger } = this.#options;
    const catalog = loadProfiles(config.run.profiles);
    const db = openResourceDb(config.db, 'readonly', clock);
    try {
      const names = selectVens(db, { ...(vens && { vens }), ...(limit !== undefined && { limit }), shard });
      this.#vens = new Map(names.map(({ name }) => [name, db.resources.byVen(name)]));
      this.#plan = planMetering([...this.#vens.values()].flat(), db.connections, catalog);
    } finally {
      db.close();
    }
    for (const { resource, reason, hint } of this.#plan.unmetered) {
      logger.warn({ resource: resource.resourceId, ven: resource.ven, reason, hint }, 'resource is not metered');
    }
    for (const { resource, reason, hint } of this.#plan.uncontrolled) {
      logger.warn({ resource: resource.resourceId, ven: resource.ven, reason, hint }, 'resource cannot be controlled');
    }
  }

  #compose(): Parts {
    const { config, report, env, clock, random, logger } = this.#options;
    const ports = { clock, random, logger, alarms: this.#alarms };
    const resources = [...this.#vens.values()].flat();
    let reporting: ReportingLink | undefined;
    let acting: Acting | undefined;
    let console: OpenConsole | undefined;
    const readings = new Readings({
      ...config.readings,
      resources,
      // Without reporting nobody will ask for what was read until now.
      reportedUntil: (resource) => (report ? reporting?.reportedUntil(resource) : clock.now()),
      onKept: (kept) => {
        acting?.observe(kept);
        console?.observe(kept);
      },
      ...ports,
    });
    const channels = createChannels(
      this.#plan,
      { inFlight: config.run.modbusInFlight, replyPrefix: 'venfleet-agent' },
      {
        openGateway: this.#options.links?.openGateway ?? openModbusSerial,
        openBroker: this.#options.links?.openBroker ?? openMqttWith(config.run.mqtt, random, env),
        openRows: openCsvRows,
        ...ports,
        logger: logger.child({ component: 'metering' }),
      },
    );
    const gate = this.#gate(readings);
    const metering = new Metering({
      channels,
      sink: new HoldingSink({ sink: readings.sink, gate, clock, logger }),
      clock,
      logger: logger.child({ component: 'metering' }),
    });
    const { vtn, state, outbox, run } = config;
    let events: FleetEvents | undefined;
    if (report) {
      events = new FleetEvents({ settings: config.events, vtnUrl: vtn.url, vens: [...this.#vens.keys()], ...ports });
      reporting = new ReportingLink({
        vtn,
        state,
        outbox,
        vens: this.#vens,
        events,
        readings: readings.source,
        modeAt: (resource, at) => acting?.decisionAt(resource, at)?.mode,
        timeZone: run.timeZone,
        ...ports,
      });
      acting = this.#acting(events, channels, readings, (resource) => reporting?.baseline(resource));
    }
    const explain = acting && ((resource: string, at?: Instant) => acting.explain(resource, at));
    const parts = { vens: this.#vens, metering, events, reporting, acting };
    const watch = new AgentWatch({ ...this.#options, ...parts, status: () => this.status() });
    console = this.#console({ readings, metering, events, acting, watch });
    const ops = new OpsServer({
      ...run.ops,
      console: console?.server,
      status: () => this.status(),
      health: () => watch.health(),
      meters: () => metering.statuses(),
      doubts: ({ id }) => flagNames(readings.source.latest(id)?.flags ?? 0),
      alerts: () => watch.alerts(),
      explain,
    });
    return { readings, metering, gate, events, reporting, acting, watch, ops };
  }

  #console({ readings, metering, events, acting, watch }: ConsoleParts): OpenConsole | undefined {
    const { config, env, clock, logger } = this.#options;
    return openConsole(config.run.ops.console, {
      vens: this.#vens,
      readings: readings.source,
      feeds: (ven) => events?.feed(ven),
      controllers: () => acting?.states() ?? [],
      meters: () => metering.statuses(),
      alerts: () => watch.alerts(),
      explain: acting && ((resource) => acting.explain(resource)),
      outbox: config.outbox,
      env,
      clock,
      logger,
    });
  }

  #gate(readings: Readings): ClockGate {
    const { config, report, clock, logger } = this.#options;
    return new ClockGate({
      settings: config.wallClock,
      system: () => systemTime(config.wallClock.syncFile),
      newest: () => readings.newest(),
      vtnOffset: report ? (signal) => askVtnOffset(config.vtn, { clock, logger, signal }) : undefined,
      clock,
      alarms: this.#alarms,
      logger: logger.child({ component: 'clock' }),
    });
  }

  #acting(
    events: FleetEvents,
    channels: readonly MeterChannel[],
    readings: Readings,
    baseline: ActingOptions['baseline'],
  ): Acting | undefined {
    const { config, control, clock, random, logger } = this.#options;
    if (!control) return undefined;
    return new Acting({
      vens: this.#vens,
      events: (ven) => events.feed(ven),
      controllers: channels.flatMap((channel) => channel.controllers),
      readings: readings.source,
      control: config.control,
      policy: config.planning,
      baseline,
      decisions: config.decisions,
      clock,
      random,
      logger,
      alarms: this.#alarms,
    });
  }

  #facts(ops: string): AgentFacts {
    const { gateways, brokers, files, unmetered } = this.#plan;
    return {
      vens: this.#vens.size,
      resources: [...this.#vens.values()].reduce((sum, { length }) => sum + length, 0),
      gateways: gateways.length,
      brokers: brokers.length,
      files: files.length,
      unmetered: unmetered.map(({ resource, reason }) => ({ resource: resource.resourceId, reason })),
      controllers: this.#parts?.acting?.stats.controllers ?? 0,
      ops,
      vtn: this.#options.report ? this.#options.config.vtn.url : null,
    };
  }
}
