import { type Clock, seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createProgram,
  Option,
  printResult,
  readTextFile,
  resolveSecret,
  shutdownSignal,
  usageError,
  wholeNumber,
  writeFileAtomically,
} from '@venfleet/core/node';
import { detectVtn } from '../client/detect.js';
import { createHttpTransport, type HttpTransport } from '../client/transport.js';
import { WIRE_VERSIONS, type WireVersion } from '../wire/common.js';
import { Receiver } from './receiver.js';
import { count, junitXml, lineText, summaryText } from './report.js';
import { type ConformResult, checkConformance, linesOf } from './run.js';
import { parseLines } from './select.js';
import type { Credentials } from './token-desk.js';

interface Options {
  readonly url?: string;
  readonly version: WireVersion | 'auto';
  readonly clientId?: string;
  readonly clientSecretRef?: string;
  readonly venClientId?: string;
  readonly venClientSecretRef?: string;
  readonly ven2ClientId?: string;
  readonly ven2ClientSecretRef?: string;
  readonly tokenUrl?: string;
  readonly caFile?: string;
  readonly only?: ReadonlySet<number>;
  readonly skip?: ReadonlySet<number>;
  readonly callbackHost: string;
  readonly callbackPort: number;
  readonly callbackUrl?: string;
  readonly callbackCert?: string;
  readonly callbackKey?: string;
  readonly patience: number;
  readonly grace: number;
  readonly list?: true;
  readonly json?: true;
  readonly junit?: string;
}

export function conformProgram(): Command {
  const program = createProgram('openadr', 'OpenADR 3: what VTNs do, held against the checklist');
  const command = addCommand(
    program,
    'conform',
    'Checks a VTN line by line against the conformance checklist; status 1 when a line fails.',
  );
  command
    .option('--url <URL>', 'base URL of the VTN, such as http://localhost:8000/openadr3/3.1.0')
    .addOption(
      new Option('--version <VERSION>', 'OpenADR version that it speaks there')
        .choices(['auto', ...WIRE_VERSIONS])
        .default('auto'),
    )
    .option('--client-id <ID>', 'business-logic client; without, no tokens are used')
    .option('--client-secret-ref <REF>', 'its secret, as env:NAME or file:PATH')
    .option('--ven-client-id <ID>', 'VEN client, which has no ven at the VTN')
    .option('--ven-client-secret-ref <REF>', 'its secret')
    .option('--ven2-client-id <ID>', 'second VEN client, without a ven, too')
    .option('--ven2-client-secret-ref <REF>', 'its secret')
    .option('--token-url <URL>', 'where tokens are, if the VTN does not say so itself')
    .option('--ca-file <FILE>', 'certificates (PEM) that the VTN’s is judged by')
    .option('--only <LINES>', 'check these lines alone: 12,15-20', parseLines)
    .option('--skip <LINES>', 'leave these lines out', parseLines)
    .option('--callback-host <ADDRESS>', 'address to receive notifications on', '127.0.0.1')
    .option('--callback-port <PORT>', 'port for that; 0 takes a free one', wholeNumber(0, 65_535), 0)
    .option('--callback-url <URL>', 'URL by which the VTN reaches that address, where it is another')
    .option('--callback-cert <FILE>', 'certificate (PEM) to receive notifications by HTTPS')
    .option('--callback-key <FILE>', 'its key (PEM)')
    .option('--patience <SECONDS>', 'how long a notification may take', wholeNumber(1, 600), 20)
    .option('--grace <MS>', 'how long to wait for a notification that must not come', wholeNumber(0, 60_000), 1000)
    .option('--list', 'show the lines, and check nothing')
    .option('--junit <FILE>', 'write the result as JUnit XML, too')
    .option('--json', 'print one line of JSON')
    .action(conform);
  return program;
}

async function conform(options: Options): Promise<void> {
  if (options.list) return list(options);
  const { url, json, junit } = options;
  if (url === undefined)
    throw usageError('--url is missing', 'name the base URL of the VTN, such as http://localhost:8000/openadr3/3.1.0');
  const parties = partiesOf(options);
  const signal = shutdownSignal();
  const receiver = new Receiver(receiverOptions(options, systemClock));
  const tls = options.caFile === undefined ? undefined : { ca: readTextFile(options.caFile, 'the certificates') };
  const transport = createHttpTransport({ clock: systemClock, logger: silentLogger, connections: 4, tls });
  await receiver.start();
  try {
    const result = await check(options, url, { parties, receiver, transport, signal });
    printResult(json, { ...result, ...count(result.lines) }, () => summaryText(result));
    if (junit !== undefined) writeFileAtomically(junit, junitXml('VTN', result));
    if (result.interrupted) process.exitCode = 130;
    else if (count(result.lines).fail > 0 || result.leftBehind.length > 0) process.exitCode = 1;
  } finally {
    await transport.close();
    await receiver.stop();
  }
}

interface Tools {
  readonly parties: Parties;
  readonly receiver: Receiver;
  readonly transport: HttpTransport;
  readonly signal: AbortSignal;
}

async function check(options: Options, url: string, { parties, receiver, transport, signal }: Tools): Promise<ConformResult> {
  const { version, tokenUrl, only, skip, json } = options;
  const detected = await detectVtn(url, { transport, version: version === 'auto' ? undefined : version });
  const lines = (line: number) => (only?.has(line) ?? true) && !(skip?.has(line) ?? false);
  if (!linesOf(detected.version).some(({ number }) => lines(number))) {
    throw usageError(`OpenADR ${detected.version} has none of these lines`, '--list shows the lines of each version');
  }
  return await checkConformance({
    ...parties,
    vtn: tokenUrl === undefined ? detected : { ...detected, tokenUrl },
    transport,
    receiver,
    lines,
    patience: seconds(options.patience),
    grace: seconds(options.grace / 1000),
    clock: systemClock,
    random: systemRandom,
    signal,
    onLine: (result) => {
      if (!json) process.stdout.write(`${lineText(result)}\n`);
    },
  });
}

interface Parties {
  readonly bl: Credentials | undefined;
  readonly ven: Credentials | undefined;
  readonly otherVen: Credentials | undefined;
}

function partiesOf(options: Options): Parties {
  const parties = {
    bl: credentials('--client', options.clientId, options.clientSecretRef),
    ven: credentials('--ven-client', options.venClientId, options.venClientSecretRef),
    otherVen: credentials('--ven2-client', options.ven2ClientId, options.ven2ClientSecretRef),
  };
  if (parties.bl === undefined && (parties.ven ?? parties.otherVen) !== undefined) {
    throw usageError('--ven-client-id is of no use without --client-id', 'business logic makes what VENs are to see');
  }
  return parties;
}

function credentials(option: string, clientId: string | undefined, ref: string | undefined): Credentials | undefined {
  if (clientId === undefined && ref === undefined) return undefined;
  if (clientId === undefined || ref === undefined) throw usageError(`${option}-id and ${option}-secret-ref belong together`);
  return { clientId, clientSecret: resolveSecret(ref) };
}

function receiverOptions(options: Options, clock: Clock) {
  const { callbackHost: host, callbackPort: port, callbackUrl: publicUrl, callbackCert: cert, callbackKey: key } = options;
  if ((cert === undefined) !== (key === undefined)) throw usageError('--callback-cert and --callback-key belong together');
  if (publicUrl !== undefined && !/^https?:$/.test(URL.canParse(publicUrl) ? new URL(publicUrl).protocol : '')) {
    throw usageError('--callback-url is not an http or https URL');
  }
  if (cert === undefined || key === undefined) return { host, port, publicUrl, clock };
  const tls = { cert: readTextFile(cert, 'the certificate'), key: readTextFile(key, 'the key') };
  return { host, port, publicUrl, clock, tls };
}

function list({ version, json }: Options): void {
  const of = version === 'auto' ? WIRE_VERSIONS : [version];
  const lines = [...new Map(of.flatMap(linesOf).map((line) => [line.number, line])).values()].sort((a, b) => a.number - b.number);
  printResult(
    json,
    lines.map(({ number, title, versions }) => ({ line: number, title, versions })),
    () =>
      lines
        .map(({ number, title, versions }) => `${String(number).padStart(2)}  ${versions.join(' and ').padEnd(15)}  ${title}`)
        .join('\n'),
  );
}
