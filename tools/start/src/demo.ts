import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VenfleetError } from '@venfleet/core';
import { makeFolder, shutdownSignal, usageError } from '@venfleet/core/node';
import { type Child, run, start } from './processes.js';
import { ensureStandingRequest } from './standing-request.js';

export interface DemoOptions {
  readonly port: number;
  readonly version: string;
  readonly state: string;
  readonly db: string;
  readonly opsPort: number;
  readonly agentOpsPort: number;
  readonly once?: boolean;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const program = (path: string) => join(root, path, 'dist/main.js');
const DEFAULT_DB = 'config/resources.db';

const CREDENTIALS = 'config/dev-credentials.json';

/**
 * Prepares the sample fleet if need be, starts the simulated devices and the mock VTN with its state kept
 * in `state`, registers the fleet, asks it for reports, and runs its agent until Ctrl-C. With `once`, it ends with
 * the registration, which needs no devices.
 * @throws VenfleetError START_FAILED naming the part that failed; what was started is stopped again.
 */
export async function runDemo(options: DemoOptions): Promise<void> {
  const { version, state, db, once } = options;
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
    const devices = once ? undefined : await startDevices(options, signal, children);
    const urls = await startVtn(options, signal, children);
    const url = urls[version] as string;
    say(`Registering the fleet with ${url}`);
    const args = ['register', '--db', db, '--vtn-url', url, '--state', join(state, 'ven-agent.db')];
    await must('registering the fleet', run(program('apps/ven-agent'), args, signal));
    if (devices === undefined) return;
    const isNew = await ensureStandingRequest(url, CREDENTIALS);
    say(isNew ? 'Asked every VEN for a report each two minutes' : 'Every VEN is asked for a report each two minutes already');
    sayWhereToLook(urls, devices, options);
    say('Metering the fleet');
    await runAgent(url, options, children, signal);
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

async function startVtn({ port, state }: DemoOptions, signal: AbortSignal, children: Child[]): Promise<Record<string, string>> {
  say('Starting the mock VTN');
  const vtn = await start(
    program('apps/vtn-mock'),
    ['serve', '--port', String(port), '--data', join(state, 'vtn.db'), '--public-url', `http://localhost:${port}`, '--json'],
    signal,
  );
  children.push(vtn);
  return (JSON.parse(vtn.firstLine) as { urls: Record<string, string> }).urls;
}

async function must(what: string, status: Promise<number>): Promise<void> {
  const code = await status;
  if (code !== 0) throw new VenfleetError('START_FAILED', `${what} failed (status ${code}); its own words are above`);
}

/** Runs the agent with the terminal as its own, for its live line, until Ctrl-C. */
async function runAgent(url: string, options: DemoOptions, children: readonly Child[], signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { db, state, agentOpsPort } = options;
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const args = ['run', '--db', db, '--vtn-url', url, '--state', join(state, 'ven-agent.db'), '--ops-port', String(agentOpsPort)];
  const agent = run(program('apps/ven-agent'), args, either).then(
    () => 'the agent',
    (error) => {
      if (signal.aborted) return 'stopped';
      throw error;
    },
  );
  const first = await Promise.race([agent, ...children.map(({ exited }) => exited.then(() => 'a part'))]);
  if (signal.aborted) {
    await agent;
    return;
  }
  ended.abort();
  await agent.catch(() => undefined);
  throw new VenfleetError('START_FAILED', `${first} ended by itself; its own words are above`);
}

function sayWhereToLook(
  urls: Record<string, string>,
  { ops, modbus, mqtt, meters }: DevicesUp,
  { state, agentOpsPort }: DemoOptions,
): void {
  const urlLines = Object.entries(urls).map(([version, url]) => `  OpenADR ${version}  ${url}`);
  process.stdout.write(`
${meters.total.toLocaleString('en')} simulated devices are up
  Modbus TCP     ${modbus.gateways} gateways on ${modbus.host}, ports ${modbus.ports.join(' to ')}
  MQTT           ${mqtt.broker}
  their view     ${ops}/openapi.json

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
  npx nx run ven-agent:register --dry-run           what a further run would change
  npx nx run ven-agent:register --vtn-url ${urls['3.1.0']}   the same fleet over the other version
Ctrl-C stops it.
`);
}

function say(line: string): void {
  process.stdout.write(`\n▸ ${line}\n`);
}
