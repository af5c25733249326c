import { seconds, systemClock, systemRandom } from '@venfleet/core';
import {
  addCommand,
  type Command,
  createPinoLogger,
  journalSink,
  printResult,
  serviceManager,
  shutdownSignal,
  wholeNumber,
  writesToJournal,
} from '@venfleet/core/node';
import { type ConfigFlags, loadAgentConfig } from '../config.js';
import {
  addConfigOption,
  addDbOption,
  addProfilesOption,
  addStateOption,
  addVenOptions,
  addVtnOptions,
  type VenFlags,
} from '../options.js';
import type { Agent, AgentFacts } from './agent.js';
import { sizeHeapFor } from './heap.js';
import { LiveFigureSeries, liveText } from './live-line.js';
import { Liveness } from './liveness.js';
import { stayWatched, type Watched } from './watched.js';

type RunFlags = ConfigFlags &
  VenFlags & {
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
  const command = addCommand(program, 'run', 'Reads the meters of the registered VENs and reports to the VTN, until Ctrl-C');
  addStateOption(addDbOption(addConfigOption(command)), '; readings and reports lie beside it');
  addVenOptions(addVtnOptions(addProfilesOption(command)))
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
  const { ven: vens, limit, shard, report, control } = flags;
  const stream = writesToJournal(env) ? journalSink(process.stderr) : undefined;
  const logger = createPinoLogger({ level: config.logLevel, ...(stream && { stream }) });
  const manager = serviceManager(env, logger);
  // Its libraries are a good part of the program, and no other command needs them.
  const { Agent } = await import('./agent.js');
  const agent = new Agent({ config, vens, limit, shard, report, control, env, clock: systemClock, random: systemRandom, logger });
  const facts = await agent.start();
  sizeHeapFor(facts.resources);
  try {
    await manager?.notify({ READY: '1' });
    printResult(flags.json, facts, () => factsText(facts));
    const watch = manager && stayWatched(manager, watchedParts(agent), { clock: systemClock, logger, signal });
    await Promise.all([showFigures(agent, flags, signal), watch]);
  } finally {
    await Promise.all([manager?.notify({ STOPPING: '1' }), agent.stop()]);
  }
}

function watchedParts(agent: Agent): Watched {
  const liveness = new Liveness(systemClock);
  const series = new LiveFigureSeries();
  return {
    stuck: () => liveness.stuck(agent.meters()),
    statusLine: () => {
      const status = agent.status();
      return status === undefined ? 'stopping' : liveText(series.next(status, systemClock.monotonic()));
    },
  };
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
