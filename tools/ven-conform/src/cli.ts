import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seconds, silentLogger, systemClock, systemRandom } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createProgram,
  Option,
  printResult,
  shutdownSignal,
  usageError,
  wholeNumber,
  writeFileAtomically,
} from '@venfleet/core/node';
import { Processes } from '@venfleet/interop';
import {
  createHttpTransport,
  ensureDevelopmentCredentials,
  loadCredentials,
  WIRE_VERSIONS,
  type WireVersion,
} from '@venfleet/openadr';
import { type ConformResult, count, junitXml, linesWithin, lineText } from '@venfleet/openadr/conform';
import { FIRST_LINE, LAST_LINE, linesOf } from './lines/index.js';
import { checkVen } from './run.js';
import { PURPOSES, venNameOf } from './seats.js';
import { AgentVen } from './ven/agent.js';
import { CommandVen } from './ven/command-ven.js';
import { startFleet } from './ven/fleet.js';
import type { Ven } from './ven/ven.js';

interface Options {
  readonly version: WireVersion | 'both';
  readonly venCommand?: string;
  readonly planCommand?: string;
  readonly only?: ReadonlySet<number>;
  readonly skip?: ReadonlySet<number>;
  readonly patience: number;
  readonly list?: true;
  readonly json?: true;
  readonly junit?: string;
}

export function conformProgram(): Command {
  const program = createProgram('ven-conform', 'OpenADR 3: what VENs do, held against the checklist');
  const parseLines = linesWithin(FIRST_LINE, LAST_LINE);
  addCommand(
    program,
    'conform',
    'Checks a VEN, this agent or any other, line by line against the conformance checklist; status 1 when a line fails.',
  )
    .addOption(
      new Option('--version <VERSION>', 'OpenADR version that it is to speak')
        .choices(['both', ...WIRE_VERSIONS])
        .default('both'),
    )
    .option('--ven-command <COMMAND>', 'registers and runs another VEN than ours until SIGTERM; of a shell')
    .option('--plan-command <COMMAND>', 'prints as JSON what that VEN does at the time in AT: {"limitKw": 20}')
    .option('--only <LINES>', 'check these lines alone: 65,67-70', parseLines)
    .option('--skip <LINES>', 'leave these lines out', parseLines)
    .option('--patience <SECONDS>', 'how long the VEN may take for what it is to do at once', wholeNumber(1, 600), 20)
    .option('--list', 'show the lines, and check nothing')
    .option('--junit <FILE>', 'write the result as JUnit XML, too')
    .option('--json', 'print one line of JSON')
    .action(conform);
  return program;
}

async function conform(options: Options): Promise<void> {
  const versions = options.version === 'both' ? WIRE_VERSIONS : [options.version];
  if (options.list) return list(options, versions);
  if (options.planCommand !== undefined && options.venCommand === undefined) {
    throw usageError('--plan-command is for --ven-command: our own agent is asked by its own means');
  }
  const chosen = (line: number) => (options.only?.has(line) ?? true) && !(options.skip?.has(line) ?? false);
  const had = versions.filter((version) => linesOf(version).some(({ number }) => chosen(number)));
  if (had.length === 0) throw usageError('there are none of these lines', '--list shows the lines of each version');
  const signal = shutdownSignal();
  const folder = mkdtempSync(join(tmpdir(), 'ven-conform-'));
  try {
    const results = await check(options, had, { chosen, signal, folder });
    report(options, results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly chosen: (line: number) => boolean;
  readonly signal: AbortSignal;
  readonly folder: string;
}

/** Both versions at once: most of the time is waiting. */
async function check(options: Options, versions: readonly WireVersion[], { chosen, signal, folder }: Place) {
  const processes = new Processes(signal);
  const credentials = join(folder, 'credentials.json');
  const names = versions.flatMap((version) => PURPOSES.map((purpose) => venNameOf(purpose, version)));
  ensureDevelopmentCredentials(credentials, names);
  const { clients } = loadCredentials(credentials);
  const transport = createHttpTransport({ clock: systemClock, logger: silentLogger, connections: 4 });
  const patience = seconds(options.patience);
  const ports = { transport, clock: systemClock, random: systemRandom, signal, lines: chosen, patience };
  try {
    const { ven, name } = await venOf(options, processes, folder, names, credentials);
    return await Promise.all(
      versions.map(async (version) => {
        const onLine = (result: Parameters<typeof lineText>[0]) => {
          if (!options.json) process.stdout.write(`${versions.length > 1 ? `${version}  ` : ''}${lineText(result)}\n`);
        };
        const place = await startVtn(processes, credentials, version);
        return await checkVen({ ...ports, ven, name, version, vtn: place, clients, folder, onLine });
      }),
    );
  } finally {
    await transport.close();
    await processes.stop();
  }
}

/** A VTN for one version alone: what one VEN is told must not be told to another, which is being checked, too. */
async function startVtn(processes: Processes, credentials: string, version: WireVersion) {
  const args = ['serve', '--port', '0', '--clients', credentials, '--json'];
  const { facts } = await processes.startVenfleet<{ origin: string; urls: Record<WireVersion, string> }>('vtn-mock', args);
  return { origin: facts.origin, path: new URL(facts.urls[version]).pathname };
}

async function venOf(
  { venCommand: command, planCommand }: Options,
  processes: Processes,
  folder: string,
  names: readonly string[],
  credentials: string,
): Promise<{ readonly ven: Ven; readonly name: string }> {
  if (command !== undefined) return { ven: new CommandVen({ command, planCommand, processes }), name: command };
  return { ven: new AgentVen(processes, await startFleet(processes, folder, names, credentials)), name: 'ven-agent' };
}

function report({ json, junit }: Options, results: readonly ConformResult[]): void {
  const lines = results.flatMap((result) => result.lines);
  const totals = count(lines);
  const shown = results.map(({ version, lines: own }) => ({ version, ...count(own), lines: own }));
  const isInterrupted = results.some(({ interrupted }) => interrupted);
  printResult(json, { ven: results[0]?.url, ...totals, interrupted: isInterrupted, results: shown }, () =>
    [
      ...shown.map((own) => `OpenADR ${own.version}: ${own.pass} passed, ${own.fail} failed, ${own.skip} skipped`),
      ...(isInterrupted ? ['interrupted: not all lines were checked'] : []),
    ].join('\n'),
  );
  if (junit !== undefined) writeFileAtomically(junit, junitXml('VEN', ...results));
  if (isInterrupted) process.exitCode = 130;
  else if (totals.fail > 0) process.exitCode = 1;
}

function list({ json }: Options, versions: readonly WireVersion[]): void {
  const lines = [...new Map(versions.flatMap(linesOf).map((line) => [line.number, line])).values()].sort(
    (a, b) => a.number - b.number,
  );
  printResult(
    json,
    lines.map(({ number, title, versions: of }) => ({ line: number, title, versions: of })),
    () => lines.map(({ number, title, versions: of }) => `${number}  ${of.join(' and ').padEnd(15)}  ${title}`).join('\n'),
  );
}
