import { existsSync } from 'node:fs';
import { type LogLevel, seconds } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  createProgram,
  InvalidArgumentError,
  Option,
  printResult,
  shutdownSignal,
  usageError,
  wholeNumber,
} from '@venfleet/core/node';
import { ensureDevelopmentCredentials, WIRE_VERSIONS, type WireVersion } from '@venfleet/openadr';
import { DEFAULT_CREDENTIALS } from './operator/connection.js';
import { addEvent } from './operator/event-command.js';
import { addReports } from './operator/reports-command.js';
import { buildVtnMock, type VtnAddress } from './vtn-mock.js';

type PerVersion<T> = Partial<Record<WireVersion, T>>;

interface ServeOptions {
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
  readonly allowHttpCallbacks?: true;
  readonly allowPrivateCallbacks?: true;
  readonly loopbackCallbacks: boolean;
  readonly logLevel: LogLevel | 'silent';
  readonly json?: true;
}

export function vtnMockProgram(): Command {
  const program = createProgram('vtn-mock', 'A VTN for development and tests: OpenADR 3.0.1 and 3.1 side by side.');
  const port = wholeNumber(0, 65_535);
  const onOff = (flags: string, text: string) => new Option(flags, text).choices(['on', 'off']).default('on');
  addCommand(program, 'serve', 'Serves the VTN until Ctrl-C.')
    .option('--host <ADDRESS>', 'address to listen on', '127.0.0.1')
    .option('--port <PORT>', 'port to listen on; 0 takes a free one', port, 8000)
    .option('--data <FILE>', 'SQLite file to keep everything in, made when missing', ':memory:')
    .option('--clients <FILE>', 'credentials of the clients that may have tokens', DEFAULT_CREDENTIALS)
    .option('--no-auth', 'ask for no tokens: everybody may do everything')
    .option('--root-port <VERSION=PORT>', 'a port with that version at its root; repeatable', perVersion(port))
    .option('--base-path <VERSION=PATH>', 'where the version is on the main port; repeatable', perVersion(basePath))
    .option('--public-url <URL>', 'URL of the main port as clients see it, where it is not the one they ask for', publicUrl)
    .option('--token-lifetime <SECONDS>', 'how long a token holds', wholeNumber(1, 31_536_000), 3600)
    .addOption(onOff('--ven-self-registration <CHOICE>', 'whether a VEN may write vens'))
    .addOption(
      new Option('--limit-zero <CHOICE>', 'whether limit=0 is a legal page').choices(['allow', 'refuse']).default('allow'),
    )
    .option('--strict-targets', 'show a VEN targeted objects only when it names their targets (3.1)')
    .option('--allow-http-callbacks', 'let subscriptions name callbacks without TLS')
    .option('--allow-private-callbacks', 'let subscriptions name callbacks at private addresses')
    .option(
      '--no-loopback-callbacks',
      'refuse callbacks on this machine, which are allowed while --host is one of it alone, without TLS, too',
    )
    .addOption(
      new Option('--log-level <LEVEL>', 'least level to log; debug has each request')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('warn'),
    )
    .option('--json', 'print one line of JSON')
    .action(serve);
  addEvent(program);
  addReports(program);
  return program;
}

async function serve(options: ServeOptions): Promise<void> {
  checkOptions(options);
  const stop = shutdownSignal();
  const made = options.auth && !existsSync(options.clients);
  if (made) ensureDevelopmentCredentials(options.clients, []);
  const { host, port, data, auth, rootPort: rootPorts = {}, basePath: basePaths = {}, publicUrl: url, limitZero } = options;
  const vtn = buildVtnMock({
    host,
    port,
    auth,
    limitZero,
    basePaths,
    rootPorts,
    dataFile: data,
    publicUrl: url,
    tokenLifetime: seconds(options.tokenLifetime),
    venSelfRegistration: options.venSelfRegistration === 'on',
    strictTargets: options.strictTargets === true,
    callbacks: callbackRules(options),
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

/** What is wrong only in combination. */
function checkOptions({ port, rootPort = {}, basePath = {} }: ServeOptions): void {
  const ports = [port, ...Object.values(rootPort)].filter((p) => p !== 0);
  if (new Set(ports).size < ports.length) throw usageError('--port and each --root-port must be different ports');
  const paths = WIRE_VERSIONS.map((version) => basePath[version] ?? `/openadr3/${version}`);
  if (new Set(paths).size < paths.length) throw usageError('both versions have the same --base-path');
}

function describe({ origin, urls, rootUrls }: VtnAddress, options: ServeOptions, madeCredentials: boolean): string {
  const lines = [
    `OpenADR 3.1    ${urls['3.1.0']}`,
    `OpenADR 3.0.1  ${urls['3.0.1']}`,
    ...Object.entries(rootUrls).map(([version, url]) => `OpenADR ${version} at the root of ${url}`),
    `documentation  ${urls['3.1.0']}/openapi.json and the same below 3.0.1`,
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

function basePath(path: string): string {
  if (/^(\/[A-Za-z0-9._~-]+)+$/.test(path)) return path;
  throw new InvalidArgumentError('The path must begin with / and not end with it: /openadr3/3.1.0.');
}

function publicUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '')
    return text.replace(/\/+$/, '');
  throw new InvalidArgumentError('It must be an http or https URL.');
}
