import { existsSync } from 'node:fs';
import { type LogLevel, seconds } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  InvalidArgumentError,
  Option,
  printResult,
  readTextFile,
  resolveSecret,
  shutdownSignal,
  type TlsIdentity,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import { ensureDevelopmentCredentials, WIRE_VERSIONS, type WireVersion } from '@venfleet/openadr';
import { addConsoleOptions, type ConsoleFlags, consoleOf } from './console/serve-options.js';
import type { MqttOptions } from './notify/mqtt/open-link.js';
import { namesLoopback } from './notify/webhooks/callback-rules.js';
import { DEFAULT_CREDENTIALS } from './operator/connection.js';
import { QUIRKS, type Quirk } from './quirks.js';
import { buildVtnMock, type VtnAddress } from './vtn-mock.js';

const port = wholeNumber(0, 65_535);

type PerVersion<T> = Partial<Record<WireVersion, T>>;

interface ServeOptions extends ConsoleFlags {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly clients: string;
  readonly auth: boolean;
  readonly rootPort?: PerVersion<number>;
  readonly basePath?: PerVersion<string>;
  readonly publicUrl?: string;
  readonly tokenLifetime: number;
  readonly venSelfRegistration: 'on' | 'off';
  readonly limitZero: 'allow' | 'refuse';
  readonly strictTargets?: true;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly mdns?: true;
  readonly quirks?: readonly Quirk[];
  readonly allowFaults?: true;
  readonly faultSeed?: string;
  readonly allowHttpCallbacks?: true;
  readonly allowPrivateCallbacks?: true;
  readonly loopbackCallbacks: boolean;
  readonly callbackCa?: string;
  readonly mqttPort?: number;
  /** false: none. */
  readonly mqtt: string | boolean;
  readonly mqttUsername?: string;
  readonly mqttPassword?: string;
  readonly logLevel: LogLevel | 'silent';
  readonly json?: true;
}

export function addServe(program: Command): void {
  const serveCommand = addCommand(program, 'serve', 'Serves the VTN until Ctrl-C.');
  addListening(serveCommand);
  addBehaviour(serveCommand);
  addNotifying(serveCommand);
  addConsoleOptions(serveCommand);
  serveCommand
    .addOption(
      new Option('--log-level <LEVEL>', 'least level to log; debug has each request')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .option('--json', 'print one line of JSON')
    .action(serve);
}

function addListening(command: Command): void {
  command
    .option('--host <ADDRESS>', 'address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'port to listen on; 0 takes a free one', port, 8000)
    .option('--data <FILE>', 'SQLite file to keep everything in, made when missing', ':memory:')
    .option('--clients <FILE>', 'credentials of the clients that may have tokens', DEFAULT_CREDENTIALS)
    .option('--no-auth', 'ask for no tokens: everybody may do everything')
    .option('--root-port <VERSION=PORT>', 'a port with that version at its root; repeatable', perVersion(port))
    .option('--base-path <VERSION=PATH>', 'where the version is on the main port; repeatable', perVersion(basePath))
    .option('--tls-cert <FILE>', 'serve HTTPS, and MQTT over TLS, with this certificate and those above it, PEM')
    .option('--tls-key <FILE>', 'its private key, PEM, without a passphrase')
    .option('--mdns', 'announce the VTN on the local network by multicast DNS, _openadr3._tcp')
    .option('--public-url <URL>', 'URL of the main port as clients see it, where it is not the one they ask for', publicUrl);
}

function addBehaviour(command: Command): void {
  const onOff = (flags: string, text: string) => new Option(flags, text).choices(['on', 'off']).default('on');
  command
    .option('--token-lifetime <SECONDS>', 'how long a token holds', wholeNumber(1, 31_536_000), 3600)
    .addOption(onOff('--ven-self-registration <CHOICE>', 'whether a VEN may write vens'))
    .addOption(
      new Option('--limit-zero <CHOICE>', 'whether limit=0 is a legal page').choices(['allow', 'refuse']).default('allow'),
    )
    .option('--strict-targets', 'show a VEN targeted objects only when it names their targets (3.1)')
    .option(
      '--quirks <NAMES>',
      `ways of other VTNs: ${QUIRKS.join(', ')}, or openleadr for all that its client's tests need`,
      quirks,
    )
    .option('--allow-faults', 'let business logic switch faults on, by the command fault or at /operator/faults')
    .option('--fault-seed <SEED>', 'equal seeds give equal faults (default: 1)');
}

function addNotifying(command: Command): void {
  command
    .option('--allow-http-callbacks', 'let subscriptions name callbacks without TLS')
    .option('--allow-private-callbacks', 'let subscriptions name callbacks at private addresses')
    .option(
      '--no-loopback-callbacks',
      'refuse callbacks on this machine, which are allowed while --host is one of it alone, without TLS, too',
    )
    .option('--callback-ca <FILE>', "authorities of callbacks' certificates, PEM, in place of the system's")
    .option(
      '--mqtt-port <PORT>',
      'port of the MQTT broker (default: a free one, if --host is of this machine alone or the VTN has TLS)',
      port,
    )
    .option('--mqtt <URL>', 'tell of changes over that MQTT broker, mqtt://… or mqtts://…', mqttUrl)
    .option('--mqtt-username <NAME>', "the VTN's own login at --mqtt")
    .option('--mqtt-password <REFERENCE>', 'its password, as env:NAME or file:PATH')
    .option('--no-mqtt', 'have no MQTT broker');
}

async function serve(options: ServeOptions): Promise<void> {
  checkOptions(options);
  const stop = shutdownSignal();
  const made = options.auth && !existsSync(options.clients);
  if (made) ensureDevelopmentCredentials(options.clients, []);
  const { host, port: mainPort, data, auth, rootPort: rootPorts = {}, basePath: basePaths = {}, publicUrl: url } = options;
  const vtn = buildVtnMock({
    host,
    port: mainPort,
    auth,
    limitZero: options.quirks === OPENLEADR ? 'refuse' : options.limitZero,
    basePaths,
    rootPorts,
    dataFile: data,
    publicUrl: url,
    tokenLifetime: seconds(options.tokenLifetime),
    venSelfRegistration: options.venSelfRegistration === 'on',
    strictTargets: options.strictTargets === true,
    ...(options.allowFaults === true ? { faults: { seed: options.faultSeed ?? '1' } } : {}),
    callbacks: callbackRules(options),
    ...(options.callbackCa === undefined ? {} : { callbackCa: readTextFile(options.callbackCa, 'the authorities') }),
    ...(options.quirks === undefined ? {} : { quirks: options.quirks }),
    ...tlsOf(options),
    ...(options.mdns === true ? { mdns: {} } : {}),
    ...mqttOf(options),
    ...consoleOf(options),
    logger: createPinoLogger({ level: options.logLevel }),
    ...(auth ? { clients: options.clients } : {}),
  });
  const address = await vtn.start();
  const facts = { ...address, tokenUrl: `${address.origin}/auth/token`, data, credentials: auth ? options.clients : null };
  printResult(options.json, facts, () => describe(address, options, made));
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener('abort', resolve, { once: true }));
  await vtn.stop();
}

function callbackRules(options: ServeOptions) {
  return {
    http: options.allowHttpCallbacks === true,
    privateAddresses: options.allowPrivateCallbacks === true,
    ...(options.loopbackCallbacks ? {} : { loopback: false }),
  };
}

function tlsOf({ tlsCert, tlsKey }: ServeOptions): { tls?: TlsIdentity } {
  if (tlsCert === undefined || tlsKey === undefined) return {};
  return { tls: { cert: readTextFile(tlsCert, 'the TLS certificate'), key: readTextFile(tlsKey, 'the TLS key') } };
}

/** Without TLS the embedded broker is for a VTN that serves this machine, unless it is asked for. */
function mqttOf({ host, tlsCert, mqttPort, mqtt, mqttUsername, mqttPassword }: ServeOptions): { mqtt?: MqttOptions } {
  if (typeof mqtt === 'string') {
    const password = mqttPassword === undefined ? undefined : resolveSecret(mqttPassword);
    return { mqtt: { url: mqtt, username: mqttUsername, password } };
  }
  const isSafe = tlsCert !== undefined || namesLoopback(host);
  if (mqtt === false || (mqttPort === undefined && !isSafe)) return {};
  return { mqtt: { port: mqttPort ?? 0 } };
}

/** What is wrong only in combination. */
function checkOptions({ port, rootPort = {}, basePath = {}, mqtt, mqttPort = 0, ...rest }: ServeOptions): void {
  const ports = [port, mqttPort, ...Object.values(rootPort)].filter((p) => p !== 0);
  if (new Set(ports).size < ports.length) throw usageError('--port, --mqtt-port and each --root-port must be different ports');
  if (mqtt !== true && mqttPort !== 0)
    throw usageError('--mqtt-port is for the VTN’s own broker: leave out --mqtt and --no-mqtt');
  if (typeof mqtt !== 'string' && (rest.mqttUsername ?? rest.mqttPassword) !== undefined) {
    throw usageError('--mqtt-username and --mqtt-password are for --mqtt: the VTN’s own broker takes tokens');
  }
  if (rest.faultSeed !== undefined && rest.allowFaults !== true) throw usageError('--fault-seed is for --allow-faults');
  if ((rest.tlsCert === undefined) !== (rest.tlsKey === undefined)) throw usageError('--tls-cert and --tls-key belong together');
  if (rest.mdns === true && namesLoopback(rest.host) && rest.publicUrl === undefined) {
    throw usageError('--mdns needs a --host that others reach, or their --public-url');
  }
  if (rest.quirks?.includes('admin') && !namesLoopback(rest.host)) {
    throw usageError('--quirks admin lets anybody in: it is for a VTN whose --host is of this machine alone');
  }
  const paths = WIRE_VERSIONS.map((version) => basePath[version] ?? `/openadr3/${version}`);
  if (new Set(paths).size < paths.length) throw usageError('both versions have the same --base-path');
}

function describe(
  { origin, urls, rootUrls, mqttUrl: broker, consoleUrl, consoleLoginUrl }: VtnAddress,
  options: ServeOptions,
  madeCredentials: boolean,
): string {
  const lines = [
    `OpenADR 3.1    ${urls['3.1.0']}`,
    `OpenADR 3.0.1  ${urls['3.0.1']}`,
    ...Object.entries(rootUrls).map(([version, url]) => `OpenADR ${version} at the root of ${url}`),
    `documentation  ${urls['3.1.0']}/openapi.json and the same below 3.0.1`,
    `MQTT           ${broker ?? 'none'}`,
    `console        ${consoleLoginUrl ?? consoleUrl ?? 'none'}${consoleLoginUrl === undefined ? '' : '  (logs in once, from this machine)'}`,
    `data           ${options.data === ':memory:' ? 'in memory, gone at the end (--data FILE keeps it)' : options.data}`,
  ];
  if (options.auth) {
    lines.push(`tokens         ${origin}/auth/token`);
    lines.push(`credentials    ${options.clients}${madeCredentials ? ', made now with one business-logic client' : ''}`);
  } else lines.push('tokens         none: everybody may do everything');
  return lines.join('\n');
}

/** Parses a repeatable `VERSION=VALUE`. */
function perVersion<T>(parse: (value: string) => T): (value: string, before?: PerVersion<T>) => PerVersion<T> {
  return (text, before = {}) => {
    const equals = text.indexOf('=');
    const version = WIRE_VERSIONS.find((known) => known === text.slice(0, equals));
    if (version === undefined)
      throw new InvalidArgumentError(`It must be VERSION=…, with a version of ${WIRE_VERSIONS.join(', ')}.`);
    return { ...before, [version]: parse(text.slice(equals + 1)) };
  };
}

/** All at once, and `limit=0` refused. */
const OPENLEADR: readonly Quirk[] = QUIRKS;

function quirks(text: string): readonly Quirk[] {
  if (text === 'openleadr') return OPENLEADR;
  const names = text.split(',');
  if (names.every((name): name is Quirk => (QUIRKS as readonly string[]).includes(name))) return names;
  throw new InvalidArgumentError(`It must be openleadr, or some of ${QUIRKS.join(',')}.`);
}

function basePath(path: string): string {
  if (/^(\/[A-Za-z0-9._~-]+)+$/.test(path)) return path;
  throw new InvalidArgumentError('The path must begin with / and not end with it: /openadr3/3.1.0.');
}

/** A password in it would be seen by everybody who lists processes. */
function mqttUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^mqtts?:$/.test(url.protocol) && url.username === '' && url.password === '') return text;
  throw new InvalidArgumentError('It must be an mqtt or mqtts URL without a login.');
}

function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('It must be an http or https URL.');
}
