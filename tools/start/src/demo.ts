import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VenfleetError } from '@venfleet/core';
import { makeFolder, shutdownSignal, usageError } from '@venfleet/core/node';
import { demonstrate } from './demonstration.js';
import { AgentFigures } from './figures.js';
import { type Child, output, run, start } from './processes.js';
import { ensureStandingRequest } from './standing-request.js';

export interface DemoOptions {
  readonly port: number;
  readonly version: string;
  readonly state: string;
  readonly db: string;
  readonly opsPort: number;
  readonly agentOpsPort: number;
  /** Ends with the demonstration. */
  readonly once?: boolean;
  /** Ends with the registration, which needs no devices. */
  readonly registerOnly?: boolean;
  /** False: no demonstration. */
  readonly demonstration: boolean;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const program = (path: string) => join(root, path, 'dist/main.js');
export const DEFAULT_PORT = 8000;
export const DEFAULT_AGENT_OPS_PORT = 9464;
const DEFAULT_DB = 'config/resources.db';

const CREDENTIALS = 'config/dev-credentials.json';

/**
 * Prepares the sample fleet if need be, starts the simulated devices and the mock VTN with its state kept
 * in `state`, registers the fleet, asks it for reports, runs its agent, has it shed load once, and stays up until Ctrl-C.
 * @throws VenfleetError START_FAILED naming the part that failed, DEMONSTRATION_FAILED; what was started is stopped again.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { version, state, db, registerOnly } = options;
  if (version !== '3.0.1' && version !== '3.1.0') throw usageError(`unknown version ${version}`, 'it is 3.0.1 or 3.1.0');
  process.chdir(root);
  makeFolder(state);
  const signal = shutdownSignal();
  if (db === DEFAULT_DB && !existsSync(db)) {
    say('Preparing the sample fleet');
    await must('preparing the sample fleet', run(program('libs/resource-db'), ['prepare'], signal));
  }
  const children: Child[] = [];
  try {
    const devices = registerOnly ? undefined : await startDevices(options, signal, children);
    const vtn = await startVtn(options, devices, signal, children);
    const { urls } = vtn;
    const url = urls[version] as string;
    say(`Registering the fleet with ${url}`);
    const args = ['register', '--db', db, '--vtn-url', url, '--state', join(state, 'ven-agent.db')];
    await must('registering the fleet', run(program('apps/ven-agent'), args, signal));
    if (devices === undefined) return;
    const isNew = await ensureStandingRequest(url, CREDENTIALS);
    say(
      isNew
        ? 'Asked every VEN for a report each two minutes, and its load twice a minute'
        : 'Every VEN is asked for a report each two minutes, and its load twice a minute, already',
    );
    say('Metering the fleet');
    const figures = new AgentFigures(await startAgent(url, options, children, signal));
    await untilOneEnds(children, signal, async (ended) => {
      const wait = { longestS: 60, what: 'that the first meters answer', failure: 'START_FAILED', signal: ended } as const;
      await figures.until(({ answering }) => answering > 0, wait);
      figures.say(whereToLook(vtn, devices, options));
      await show(url, vtn.consoleUrl, options, figures, ended);
    });
  } finally {
    // In reverse, each after the other.
    for (const child of children.reverse()) await child.stop();
  }
}

/** What `device-sim serve --json` tells. */
interface DevicesUp {
  readonly ops: string;
  readonly modbus: { readonly gateways: number; readonly host: string; readonly ports: readonly number[] };
  readonly mqtt: { readonly broker: string };
  readonly meters: { readonly total: number };
}

async function startDevices({ db, state, opsPort }: DemoOptions, signal: AbortSignal, children: Child[]): Promise<DevicesUp> {
  say('Starting the simulated devices');
  const devices = await start(
    program('apps/device-sim'),
    ['serve', '--db', db, '--state', join(state, 'device-sim.db'), '--ops-port', String(opsPort), '--json'],
    signal,
  );
  children.push(devices);
  return JSON.parse(devices.firstLine) as DevicesUp;
}

/** What `vtn-mock serve --json` tells. */
interface VtnUp {
  readonly urls: Readonly<Record<string, string>>;
  readonly consoleUrl: string;
  /** Logs in once, from this machine. */
  readonly consoleLoginUrl: string;
}

async function startVtn(
  { port, state }: DemoOptions,
  devices: DevicesUp | undefined,
  signal: AbortSignal,
  children: Child[],
): Promise<VtnUp> {
  say('Starting the mock VTN');
  const address = ['--public-url', `http://localhost:${port}`];
  const console = ['--console-link', ...(devices === undefined ? [] : ['--simulator', devices.ops])];
  const vtn = await start(
    program('apps/vtn-mock'),
    ['serve', '--port', String(port), '--data', join(state, 'vtn.db'), ...address, ...console, '--json'],
    signal,
  );
  children.push(vtn);
  return JSON.parse(vtn.firstLine) as VtnUp;
}

async function must(what: string, status: Promise<number>): Promise<void> {
  const code = await status;
  if (code !== 0) throw new VenfleetError('START_FAILED', `${what} failed (status ${code}); its own words are above`);
}

async function startAgent(url: string, options: DemoOptions, children: Child[], signal: AbortSignal): Promise<Child> {
  const { db, state, agentOpsPort } = options;
  const where = ['--db', db, '--vtn-url', url, '--state', join(state, 'ven-agent.db'), '--ops-port', String(agentOpsPort)];
  const agent = await start(program('apps/ven-agent'), ['run', ...where, '--every', '1', '--json'], signal);
  children.push(agent);
  return agent;
}

/** The demonstration, and then nothing more until Ctrl-C. */
async function show(
  url: string,
  consoleUrl: string,
  options: DemoOptions,
  figures: AgentFigures,
  signal: AbortSignal,
): Promise<void> {
  const vtn = (...args: string[]) =>
    output(program('apps/vtn-mock'), [...args, '--url', url, '--credentials', CREDENTIALS], signal);
  if (options.demonstration) await demonstrate({ figures, vtn, signal });
  if (options.once) return;
  figures.say(byHand(url, consoleUrl, options));
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Works until it is done, the user ends it, or a part ends by itself. @throws VenfleetError START_FAILED for the last */
async function untilOneEnds(
  children: readonly Child[],
  signal: AbortSignal,
  work: (ended: AbortSignal) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  let hasEnded = false;
  for (const { exited } of children) {
    void exited.then(() => {
      hasEnded = true;
      ended.abort(new DOMException('a part ended', 'AbortError'));
    });
  }
  try {
    await work(either);
  } catch (error) {
    if (!either.aborted) throw error;
  }
  if (hasEnded && !signal.aborted) throw new VenfleetError('START_FAILED', 'a part ended by itself; its own words are above');
}

function byHand(url: string, consoleUrl: string, { port, agentOpsPort }: DemoOptions): string {
  const vtn = port === DEFAULT_PORT ? '' : ` --url ${url}`;
  const agent = agentOpsPort === DEFAULT_AGENT_OPS_PORT ? '' : ` --url http://127.0.0.1:${agentOpsPort}`;
  return `
Drive it by hand at ${consoleUrl}, or in another terminal:
  npx nx run vtn-mock:event --shed 30% --for 10m --ven Aalborg${vtn}
      one city sheds 30 % for ten minutes
  npx nx run vtn-mock:event --alert emergency --for 5m --in 1m${vtn}
      all of Denmark, in a minute
  npx nx run vtn-mock:watch${vtn}
      the load that is reported, against its baseline
  npx nx run vtn-mock:event list${vtn}
      what events there are; --cancel ID ends one
  npx nx run ven-agent:explain RESOURCE${agent}
      why a site does what it does
Ctrl-C stops everything.
`;
}

function whereToLook(
  { urls, consoleUrl, consoleLoginUrl }: VtnUp,
  { ops, modbus, mqtt, meters }: DevicesUp,
  { state, agentOpsPort }: DemoOptions,
): string {
  const urlLines = Object.entries(urls).map(([version, url]) => `  OpenADR ${version}  ${url}`);
  return `
${meters.total.toLocaleString('en')} simulated devices are up
  Modbus TCP     ${modbus.gateways} gateways on ${modbus.host}, ports ${modbus.ports.join(' to ')}
  MQTT           ${mqtt.broker}
  their view     ${ops}/openapi.json

See the fleet:     ${consoleLoginUrl}
  (this link logs in once, from this machine; afterwards ${consoleUrl}
  takes the client bl-client, whose secret is in ${CREDENTIALS})

The mock VTN is up; its state is kept in ${state}/, so the next start finds the fleet registered.
${urlLines.join('\n')}
  its API        ${urls['3.1.0']}/openapi.json
  credentials    ${CREDENTIALS} (bl-client for business logic, ven-… for each VEN)

The agent's health and metrics: http://127.0.0.1:${agentOpsPort}/readyz and /metrics

In another terminal:
  npx nx run resource-db:stats                      what the fleet consists of
  npx nx run device-sim:stats                       what is simulated
  npx nx run ven-agent:status                       what is registered where
  npx nx run ven-agent:reports --outbox ${join(state, 'outbox.db')}   what is reported; --audit counts it
  npx nx run ven-agent:events --state ${join(state, 'ven-agent.db')}   what events there are, and what was done
  npx nx run ven-agent:register --dry-run           what a further run would change
  npx nx run ven-agent:register --vtn-url ${urls['3.1.0']}   the same fleet over the other version
Ctrl-C stops it.
`;
}

function say(line: string): void {
  process.stdout.write(`\n▸ ${line}\n`);
}
