import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Instant, type LogLevel, systemClock, systemRandom, VenfleetError } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  InvalidArgumentError,
  Option,
  printResult,
  SECRET_REF_PATTERN,
  shutdownSignal,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import { loadProfiles } from '@venfleet/devices/node';
import { Simulator } from '../fleet/simulator.js';
import { type SimulatorStats, simulatorStats } from '../fleet/stats.js';
import { openLink } from '../mqtt/open-link.js';
import { OpsServer } from '../ops/server.js';
import { type BrokerAccess, mbpollCall, mosquittoCall } from './by-hand.js';
import {
  addSelection,
  DEFAULT_DB,
  DEFAULT_OPS_PORT,
  DEFAULT_PROFILES,
  DEFAULT_SEED,
  DEFAULT_STATE,
  parseMoment,
  parsePositive,
  type SelectionOptions,
} from './options.js';

interface ServeOptions extends SelectionOptions {
  readonly db: string;
  readonly profiles: string;
  readonly seed: string;
  readonly start?: Instant;
  readonly speed: number;
  /** false for --no-state */
  readonly state?: string | false;
  readonly host?: string;
  readonly broker?: string;
  readonly brokerUser?: string;
  readonly brokerSecret?: string;
  readonly brokerCa?: string;
  readonly mqttTlsCert?: string;
  readonly mqttTlsKey?: string;
  readonly opsHost: string;
  readonly opsPort: number;
  readonly logLevel: LogLevel | 'silent';
  readonly json?: true;
}

export function addServe(program: Command): void {
  const command = addCommand(program, 'serve', 'Runs the simulated devices until Ctrl-C')
    .option('--db <FILE>', 'the resource database; the default one is prepared when it is missing', DEFAULT_DB)
    .option('--profiles <DIR>', 'the device profiles', DEFAULT_PROFILES);
  addSelection(command)
    .option('--seed <SEED>', 'of all chance: the same seed, start and steps give the same values', DEFAULT_SEED)
    .option('--start <TIME>', 'when simulated time begins, Danish time unless it has a zone (default: now)', parseMoment)
    .option('--speed <N>', 'simulated seconds in a real one', parsePositive, 1)
    .option(
      '--state <FILE>',
      `where the meters keep their counters until the next run (default: ${DEFAULT_STATE}; none with --start or --speed, which begin at 0)`,
    )
    .option('--no-state', 'all counters begin at 0')
    .option('--host <ADDRESS>', 'where to listen for Modbus and MQTT, in place of the hosts in the database')
    .option('--broker <URL>', 'an MQTT broker to use instead of the own one: mqtt://HOST[:PORT] or mqtts://…', brokerUrl)
    .option('--broker-user <NAME>', 'login at that broker')
    .option('--broker-secret <REF>', 'its password: env:NAME or file:PATH', secretRef)
    .option('--broker-ca <FILE>', 'certificate authority of mqtts, PEM')
    .option('--mqtt-tls-cert <FILE>', 'the own broker speaks TLS with this certificate and those above it, PEM')
    .option('--mqtt-tls-key <FILE>', 'its private key, PEM, without a passphrase')
    .option('--ops-host <ADDRESS>', 'where the HTTP view listens', '127.0.0.1')
    .option('--ops-port <PORT>', 'its port; 0 takes a free one', wholeNumber(0, 65_535), DEFAULT_OPS_PORT)
    .addOption(
      new Option('--log-level <LEVEL>', 'least level to log')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .option('--json', 'print where everything listens as one line of JSON')
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const stop = shutdownSignal();
  if (options.broker === undefined && (options.brokerUser ?? options.brokerSecret ?? options.brokerCa) !== undefined)
    throw usageError('--broker-user, --broker-secret and --broker-ca need --broker');
  if (options.brokerSecret !== undefined && options.brokerUser === undefined)
    throw usageError('--broker-secret needs --broker-user', 'MQTT 3.1.1 §3.1.2.9 has no password without a user name');
  if ((options.mqttTlsCert === undefined) !== (options.mqttTlsKey === undefined))
    throw usageError('--mqtt-tls-cert and --mqtt-tls-key belong together');
  if (options.mqttTlsCert !== undefined && options.broker !== undefined)
    throw usageError('--mqtt-tls-cert is for the own broker: --broker names another, which has its own certificate');
  prepareIfMissing(options.db);
  const logger = createPinoLogger({ level: options.logLevel });
  const simulator = buildSimulator(options, logger);
  const ops = new OpsServer({ simulator, host: options.opsHost, port: options.opsPort, logger });
  try {
    await simulator.start();
    const opsUrl = await ops.start();
    const stats = simulatorStats(simulator);
    const facts = { ...placesOf(simulator, options), ops: opsUrl, meters: stats.meters, controllers: stats.controllers };
    printResult(options.json, facts, () => describe(facts, stats, simulator, options));
    if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  } finally {
    await ops.stop();
    await simulator.stop();
  }
}

function buildSimulator(options: ServeOptions, logger: ReturnType<typeof createPinoLogger>): Simulator {
  const { db, profiles, ven, limit, shard, seed, start, speed, host } = options;
  const broker = brokerAccess(options);
  return new Simulator({
    db,
    profiles,
    selection: { ven, limit, shard },
    seed,
    start,
    speed,
    host,
    state: stateFile(options),
    link: (clients) =>
      openLink(clients, { broker, tls: tlsFiles(options), host, clock: systemClock, random: systemRandom, logger }),
    clock: systemClock,
    logger,
  });
}

function brokerAccess({ broker, brokerUser, brokerSecret, brokerCa }: ServeOptions): BrokerAccess | undefined {
  if (broker === undefined) return undefined;
  return { url: broker, username: brokerUser, secretRef: brokerSecret, caFile: brokerCa };
}

function tlsFiles({ mqttTlsCert: certFile, mqttTlsKey: keyFile }: ServeOptions) {
  return certFile === undefined || keyFile === undefined ? undefined : { certFile, keyFile };
}

/** How a client gets to the own broker; its certificate, where it has one, is taken for its own authority. */
function ownBroker({ host, mqttTlsCert: caFile }: ServeOptions, place: { host: string; port: number }): BrokerAccess {
  return { url: `${caFile === undefined ? 'mqtt' : 'mqtts'}://${host ?? place.host}:${place.port}`, caFile };
}

/** A run in a time of its own is to be repeated, so it neither goes on from an earlier one nor leaves anything behind. */
function stateFile({ state, start, speed }: ServeOptions): string | undefined {
  if (typeof state === 'string') return state;
  return state === false || start !== undefined || speed !== 1 ? undefined : DEFAULT_STATE;
}

/** Only the sample fleet's own database, which is made of files that are there; another one's name may be a slip. */
function prepareIfMissing(db: string): void {
  if (db !== DEFAULT_DB || existsSync(db)) return;
  process.stderr.write('Preparing the sample fleet\n');
  const main = join(dirname(fileURLToPath(import.meta.resolve('@venfleet/resource-db'))), 'main.js');
  const { status } = spawnSync(process.execPath, [main, 'prepare'], { stdio: ['ignore', 2, 2] });
  if (status !== 0)
    throw new VenfleetError('PREPARE_FAILED', `preparing ${db} failed (status ${status}); its own words are above`);
}

interface Places {
  readonly modbus: {
    readonly gateways: number;
    readonly units: number;
    readonly host: string;
    readonly ports: readonly number[];
  };
  readonly mqtt: { readonly broker: string; readonly embedded: boolean };
}

function placesOf(simulator: Simulator, options: ServeOptions): Places {
  const { broker } = options;
  const addresses = simulator.gateways.map((gateway) => gateway.address);
  const ports = addresses.map(({ port }) => port);
  const place = [...simulator.devices.values()].flatMap((d) => [d.meter, d.controller]).find((p) => p?.protocol === 'MQTT');
  return {
    modbus: {
      gateways: addresses.length,
      units: simulator.gateways.reduce((sum, { units }) => sum + units.size, 0),
      host: addresses[0]?.host ?? '',
      ports: ports.length === 0 ? [] : [Math.min(...ports), Math.max(...ports)],
    },
    mqtt: {
      broker: broker ?? (place === undefined ? '' : ownBroker(options, place).url),
      embedded: broker === undefined,
    },
  };
}

function describe(
  { modbus, mqtt, ops }: Places & { ops: string },
  stats: SimulatorStats,
  simulator: Simulator,
  options: ServeOptions,
): string {
  const both = (protocol: string) =>
    `${grouped(stats.meters.byProtocol[protocol] ?? 0)} meters, ${grouped(stats.controllers.byProtocol[protocol] ?? 0)} controllers`;
  const ports = modbus.ports.length === 0 ? '' : ` on ${modbus.host}, ports ${modbus.ports.join('–')}`;
  const example = [...simulator.devices.keys()][0];
  return [
    `${grouped(stats.resources)} resources of ${grouped(stats.vens)} VENs are up; simulated time is ${stats.clock.now}, seed ${stats.clock.seed}`,
    ...(modbus.gateways > 0 ? [`  Modbus TCP  ${modbus.gateways} gateways${ports}: ${both('MODBUSTCP')}`] : []),
    ...(mqtt.broker === '' ? [] : [`  MQTT        ${mqtt.embedded ? 'own broker' : 'broker'} ${mqtt.broker}: ${both('MQTT')}`]),
    `  HTTP view   ${ops}/openapi.json, ${ops}/metrics`,
    'Read one by hand:',
    ...byHand(simulator, options).map((line) => `  ${line}`),
    `  npx nx run device-sim:read ${example}${options.opsPort === DEFAULT_OPS_PORT ? '' : ` --url ${ops}`}`,
  ].join('\n');
}

/** One call for each protocol, for a meter that is there. */
function byHand(simulator: Simulator, options: ServeOptions): string[] {
  const { profiles, host } = options;
  const catalog = loadProfiles(profiles);
  const meters = [...simulator.devices.values()].map(({ meter }) => meter);
  const lines: (string | undefined)[] = [];
  const modbus = meters.find((place) => place?.protocol === 'MODBUSTCP');
  if (modbus !== undefined) lines.push(mbpollCall(catalog.modbus(modbus.profile), modbus, host ?? modbus.host));
  const mqtt = meters.find((place) => place?.protocol === 'MQTT');
  if (mqtt?.protocol === 'MQTT') {
    const access = brokerAccess(options) ?? ownBroker(options, mqtt);
    lines.push(mosquittoCall(catalog.mqtt(mqtt.profile), mqtt.topic, access));
  }
  return lines.filter((line) => line !== undefined);
}

const grouped = (count: number): string => count.toLocaleString('en');

function brokerUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^mqtts?:$/.test(url.protocol) || url.hostname === '')
    throw new InvalidArgumentError('It must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT].');
  if (url.username !== '' || url.password !== '')
    throw new InvalidArgumentError('The login does not belong into the URL: --broker-user and --broker-secret take it.');
  return text;
}

function secretRef(text: string): string {
  if (SECRET_REF_PATTERN.test(text)) return text;
  throw new InvalidArgumentError('It must be env:NAME or file:PATH, never the password itself.');
}
