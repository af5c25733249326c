import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, jsonOf, type Outcome, root, runProgram } from './programs.js';

/** A resource database of the sample fleet whose devices stand on ports of their own, beside those of a fleet that is up. */
export async function prepareDevices(
  folder: string,
  basePort: number,
  source = 'config/exampleassets',
  edit: (fleetYaml: string) => string = (yaml) => yaml,
): Promise<{ db: string; mqttPort: number }> {
  const mqttPort = await freePort();
  const config = join(folder, `fleet-${basePort}.yaml`);
  const sample = readFileSync(join(root, 'config/fleet.yaml'), 'utf8');
  writeFileSync(
    config,
    edit(sample).replace('basePort: 20000', `basePort: ${basePort}`).replace('port: 1883', `port: ${mqttPort}`),
  );
  const db = join(folder, `devices-${basePort}.db`);
  const args = [
    '--config',
    config,
    '--source',
    source,
    '--db',
    db,
    '--credentials',
    join(folder, 'dev-credentials.json'),
    '--json',
  ];
  const outcome = await runProgram('resource-db', ['prepare', ...args]);
  if (outcome.status !== 0) throw new Error(`prepare failed: ${outcome.stderr}`);
  return { db, mqttPort };
}

/** More than the gateways of the whole sample fleet. */
const GATEWAYS = 180;
/** Below the ports that the system gives to clients. */
const [FIRST_PORT, LAST_PORT] = [10_000, 19_999];

/** The first of 180 ports in a row that were all free a moment ago. */
export async function freePorts(): Promise<number> {
  const places = Math.floor((LAST_PORT - FIRST_PORT) / GATEWAYS);
  // Each process looks in another place first, and in another one each time.
  nextPlace ??= (process.pid * 7) % places;
  for (let i = 0; i < places; i++, nextPlace++) {
    const base = FIRST_PORT + (nextPlace % places) * GATEWAYS;
    const taken = await Promise.allSettled(Array.from({ length: GATEWAYS }, (_, n) => freePort(base + n)));
    if (taken.some(({ status }) => status === 'rejected')) continue;
    nextPlace++;
    return base;
  }
  throw new Error(`there are no ${GATEWAYS} free ports in a row between ${FIRST_PORT} and ${LAST_PORT}`);
}
let nextPlace: number | undefined;

/** Where a simulator says that it listens. */
export interface Listening {
  readonly ops: string;
  readonly modbus: { readonly gateways: number; readonly units: number; readonly ports: readonly number[] };
  readonly mqtt: { readonly broker: string };
}

/** A simulator in a process of its own. */
export interface RunningSimulator extends Listening {
  readonly pid: number;
  /** Asks it to end, and gives what became of it and how long that took. */
  stop(): Promise<Outcome & { readonly tookMs: number }>;
  /** Ends it as a power cut would. */
  kill(): Promise<Outcome>;
}

export function startSimulator(args: readonly string[]): Promise<RunningSimulator> {
  return new Promise((up, fail) => {
    let stopIt = (_signal: NodeJS.Signals): void => {};
    const outcome = runProgram('device-sim', ['serve', '--ops-port', '0', '--no-state', '--json', ...args], {
      onStart: (kill, stdout, pid) => {
        stopIt = kill;
        let text = '';
        stdout.on('data', (chunk) => {
          text += chunk;
          if (!text.includes('\n')) return;
          up({ ...(jsonOf({ stdout: text } as Outcome) as Listening), pid, stop, kill: cutOff });
        });
      },
    });
    const stop = async () => {
      const begin = performance.now();
      stopIt('SIGTERM');
      return { ...(await outcome), tookMs: performance.now() - begin };
    };
    const cutOff = () => {
      stopIt('SIGKILL');
      return outcome;
    };
    void outcome.then(({ status, stderr }) => fail(new Error(`the simulator ended with status ${status}: ${stderr}`)));
  });
}
