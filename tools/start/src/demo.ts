import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { VenfleetError } from '@venfleet/core';
import { makeFolder, shutdownSignal, usageError } from '@venfleet/core/node';
import { type Child, run, start } from './processes.js';

export interface DemoOptions {
  readonly port: number;
  readonly version: string;
  readonly state: string;
  readonly db: string;
  readonly opsPort: number;
  readonly once?: boolean;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const program = (path: string) => join(root, path, 'dist/main.js');
const DEFAULT_DB = 'config/resources.db';

/**
 * Prepares the sample fleet if need be, starts the simulated devices and the mock VTN with its state kept
 * in `state`, registers the fleet, and stays up until Ctrl-C. With `once`, no devices: registration needs none.
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
    sayWhereToLook(urls, devices, state);
    await stayUp(children, signal);
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

async function startDevices({ db, opsPort }: DemoOptions, signal: AbortSignal, children: Child[]): Promise<DevicesUp> {
  say('Starting the simulated devices');
  const devices = await start(program('apps/device-sim'), ['serve', '--db', db, '--ops-port', String(opsPort), '--json'], signal);
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

async function stayUp(children: readonly Child[], signal: AbortSignal): Promise<void> {
  const stopped = new Promise<'stopped'>((done) => signal.addEventListener('abort', () => done('stopped'), { once: true }));
  if (signal.aborted || (await Promise.race([stopped, ...children.map(({ exited }) => exited)])) === 'stopped') return;
  throw new VenfleetError('START_FAILED', 'a part ended by itself; its own words are above');
}

function sayWhereToLook(urls: Record<string, string>, { ops, modbus, mqtt, meters }: DevicesUp, state: string): void {
  const urlLines = Object.entries(urls).map(([version, url]) => `  OpenADR ${version}  ${url}`);
  process.stdout.write(`
${meters.total.toLocaleString('en')} simulated devices are up
  Modbus TCP     ${modbus.gateways} gateways on ${modbus.host}, ports ${modbus.ports.join(' to ')}
  MQTT           ${mqtt.broker}
  their view     ${ops}/openapi.json

The mock VTN is up; its state is kept in ${state}/, so the next start finds the fleet registered.
${urlLines.join('\n')}
  its API        ${urls['3.1.0']}/openapi.json
  credentials    config/dev-credentials.json (bl-client for business logic, ven-… for each VEN)

In another terminal:
  npx nx run resource-db:stats                      what the fleet consists of
  npx nx run device-sim:stats                       what is simulated
  npx nx run ven-agent:status                       what is registered where
  npx nx run ven-agent:register --dry-run           what a further run would change
  npx nx run ven-agent:register --vtn-url ${urls['3.1.0']}   the same fleet over the other version
Ctrl-C stops it.
`);
}

function say(line: string): void {
  process.stdout.write(`\n▸ ${line}\n`);
}
