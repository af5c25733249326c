import { type Clock, milliseconds, type Random, type RetryPolicy, type Shard, seconds } from '@venfleet/core';
import { loadProfiles } from '@venfleet/devices/node';
import type { DetectedVtn } from '@venfleet/openadr';
import { openResourceDb, type Resource } from '@venfleet/resource-db';
import type { AgentConfig } from '../config.js';
import { openCsvRows } from '../metering/adapters/csv-rows.js';
import { openModbusSerial } from '../metering/adapters/modbus-serial-link.js';
import { openMqttWith } from '../metering/adapters/mqtt-link.js';
import { createChannels } from '../metering/channels.js';
import { type MeteringPlan, planMetering } from '../metering/plan.js';
import { concurrently } from '../registration/concurrently.js';
import { selectVens } from '../registration/register-fleet.js';
import { connectFleet, type FleetConnection } from '../vtn.js';
import { type Finding, failure, SUBJECTS } from './finding.js';
import { checkDevices } from './live-check.js';
import { checkSecrets } from './secrets.js';
import { checkBusiness, checkVen } from './ven-check.js';
import { checkVtn, type Ports } from './vtn-check.js';

export interface CheckOptions {
  readonly config: AgentConfig;
  readonly vens?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  readonly shard?: Shard | undefined;
  /** Also reads meters and controllers. */
  readonly live: boolean;
  /** For passwords of brokers. */
  readonly env: NodeJS.ProcessEnv;
  readonly ports: Ports & { readonly clock: Clock; readonly random: Random };
}

/** Somebody waits for the answer: a VTN that is out of order now is told so. */
const HASTY: RetryPolicy = { attempts: 2, base: milliseconds(250), cap: seconds(1), longestAsked: seconds(5) };
const VENS_AT_ONCE = 8;

/** Whether what `run` needs is there and as it should be. Nothing is changed anywhere. */
export async function check(options: CheckOptions): Promise<{ findings: Finding[]; vtn: DetectedVtn | undefined }> {
  const { config, live, ports } = options;
  const fleet = load(options);
  const [atVtn, devices] = await Promise.all([checkFleet(config, fleet.vens, ports), live ? devicesOf(options, fleet.plan) : []]);
  const order = ({ subject }: Finding) => SUBJECTS.indexOf(subject);
  return { vtn: atVtn.vtn, findings: [...atVtn.findings, ...devices].sort((a, b) => order(a) - order(b)) };
}

/** @throws VenfleetError DB_…, VEN_UNKNOWN, SHARD_EMPTY, PROFILES_INVALID: without these there is nothing to look at */
function load({ config, vens, limit, shard, ports, live }: CheckOptions): {
  vens: Map<string, Resource[]>;
  plan: MeteringPlan | undefined;
} {
  const db = openResourceDb(config.db, 'readonly', ports.clock);
  try {
    const chosen = selectVens(db, { ...(vens && { vens }), ...(limit !== undefined && { limit }), shard });
    const byName = new Map(chosen.map(({ name }) => [name, db.resources.byVen(name)]));
    const plan = live ? planMetering([...byName.values()].flat(), db.connections, loadProfiles(config.run.profiles)) : undefined;
    return { vens: byName, plan };
  } finally {
    db.close();
  }
}

async function checkFleet({ vtn: settings }: AgentConfig, vens: ReadonlyMap<string, Resource[]>, ports: Ports) {
  const { findings, vtn } = await checkVtn(settings, ports);
  findings.push(...checkSecrets(settings));
  if (vtn === undefined) return { findings, vtn };
  let connection: FleetConnection | undefined;
  try {
    connection = await connectFleet({ ...settings, version: vtn.version, retry: HASTY }, ports);
    const fleet = connection;
    findings.push(...(await checkBusiness(fleet)));
    await concurrently([...vens], VENS_AT_ONCE, async ([name, resources]) => {
      findings.push(...(await checkVen(fleet, name, resources)));
    });
  } catch (error) {
    findings.push(failure('token', error));
  } finally {
    await connection?.close();
  }
  return { findings, vtn };
}

function devicesOf({ config, env, ports }: CheckOptions, plan: MeteringPlan | undefined): Promise<Finding[]> {
  if (plan === undefined) return Promise.resolve([]);
  const { run } = config;
  const channels = createChannels(
    plan,
    // An agent that runs meanwhile has another prefix.
    { inFlight: run.modbusInFlight, replyPrefix: 'venfleet-check' },
    {
      openGateway: openModbusSerial,
      openBroker: openMqttWith(run.mqtt, ports.random, env),
      openRows: openCsvRows,
      ...ports,
    },
  );
  return checkDevices(plan, channels, ports.clock);
}
