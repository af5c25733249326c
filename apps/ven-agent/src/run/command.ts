import { seconds, systemClock, systemRandom } from '@venfleet/core';
import { addCommand, type Command, createPinoLogger, printResult, shutdownSignal, wholeNumber } from '@venfleet/core/node';
import { type ConfigFlags, DEFAULT_CONFIG_FILE, loadAgentConfig } from '../config.js';
import type { Agent, AgentFacts } from './agent.js';
import { sizeHeapFor } from './heap.js';
import { LiveFigureSeries, liveText } from './live-line.js';

type RunFlags = ConfigFlags & {
  ven?: string[];
  limit?: number;
  report: boolean;
  control: boolean;
  every?: number;
  json?: boolean;
};

/** How often the figures are renewed on a terminal, and printed in a pipe. */
const LIVE_INTERVAL = seconds(1);
const PLAIN_INTERVAL = seconds(10);

/** `run`: meters, keeps and reports until it is stopped. */
export function addRun(program: Command, env: NodeJS.ProcessEnv): void {
  addCommand(program, 'run', 'Reads the meters of the registered VENs and reports to the VTN, until Ctrl-C')
    .option('--config <path>', `settings file (default: ${DEFAULT_CONFIG_FILE} where it exists)`)
    .option('--db <path>', 'resource database (default: config/resources.db)')
    .option('--state <path>', "the agent's state database (default: .venfleet/ven-agent.db); readings and reports lie beside it")
    .option('--profiles <dir>', 'the device profiles (default: config/device-profiles)')
    .option('--vtn-url <url>', 'base URL of the VTN (default: http://localhost:8000/openadr3/3.0.1)')
    .option('--vtn-version <version>', 'OpenADR version that the VTN speaks: auto, 3.0.1 or 3.1.0 (default: auto)')
    .option('--credentials <path>', 'credentials file (default: config/dev-credentials.json)')
    .option('--no-auth', 'use no authentication at all')
    .option('--limit <n>', 'only the n VENs with the most resources', wholeNumber(1))
    .option('--ven <name>', 'only this VEN; may be given several times', (name, names: string[] = []) => [...names, name])
    .option('--no-report', 'only meter and keep: nothing is said to a VTN')
    .option('--no-control', 'hear events and report, but tell no controller anything')
    .option(
      '--ops-port <port>',
      'port of /healthz, /readyz, /metrics and /meters; 0 takes a free one (default: 9464)',
      wholeNumber(0, 65_535),
    )
    .option('--every <seconds>', 'how often the figures are told (default: 1 on a terminal, else 10)', wholeNumber(1, 3600))
    .option('--log-level <level>', 'debug, info, warn or error (default: warn)')
    .option('--json', 'print each line as JSON')
    .action((flags: RunFlags) => run(flags, env));
}

async function run(flags: RunFlags, env: NodeJS.ProcessEnv): Promise<void> {
  const signal = shutdownSignal();
  const config = loadAgentConfig(flags, env);
  const { ven: vens, limit, report, control } = flags;
  const logger = createPinoLogger({ level: config.logLevel });
  // Its libraries are a good part of the program, and no other command needs them.
  const { Agent } = await import('./agent.js');
  const agent = new Agent({ config, vens, limit, report, control, env, clock: systemClock, random: systemRandom, logger });
  const facts = await agent.start();
  sizeHeapFor(facts.resources);
  try {
    printResult(flags.json, facts, () => factsText(facts));
    await showFigures(agent, flags, signal);
  } finally {
    await agent.stop();
  }
}

function factsText({ vens, resources, gateways, brokers, files, unmetered, controllers, ops, vtn }: AgentFacts): string {
  const number = (value: number) => value.toLocaleString('en');
  const ways = [`${number(gateways)} Modbus gateways`, `${number(brokers)} MQTT brokers`, `${number(files)} files`];
  return [
    `${number(vens)} VENs with ${number(resources)} resources, read through ${ways.filter((way) => !way.startsWith('0 ')).join(', ')}`,
    ...(unmetered.length === 0 ? [] : [`${number(unmetered.length)} resources cannot be metered; the log says why`]),
    controllers === 0 ? 'no controller is commanded' : `${number(controllers)} controllers follow the VTN's events`,
    vtn === null ? 'nothing is reported (--no-report)' : `reporting to ${vtn}`,
    `health and metrics at ${ops}/readyz and ${ops}/metrics`,
  ].join('\n');
}

/** Until the signal: one line that renews itself on a terminal, a line now and then in a pipe. */
async function showFigures(agent: Agent, { json = false, every }: RunFlags, signal: AbortSignal): Promise<void> {
  const isLive = process.stdout.isTTY && !json;
  const usual = isLive ? LIVE_INTERVAL : PLAIN_INTERVAL;
  const interval = every === undefined ? usual : seconds(every);
  const series = new LiveFigureSeries();
  while (!signal.aborted) {
    await systemClock.sleep(interval, signal).catch(() => undefined);
    const status = agent.status();
    if (status === undefined || signal.aborted) continue;
    const figures = series.next(status, systemClock.monotonic());
    // \u001b[K: what is left of a longer line goes.
    if (isLive) process.stdout.write(`\r${liveText(figures)}\u001b[K`);
    else printResult(json, { at: new Date(systemClock.now()).toISOString(), ...figures }, () => liveText(figures));
  }
  if (isLive) process.stdout.write('\n');
}
