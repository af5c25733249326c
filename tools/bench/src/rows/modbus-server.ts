import { join } from 'node:path';
import { compile, requireLibmodbus } from '../native.js';
import { PYMODBUS, pythonWith } from '../python.js';
import type { Row } from '../row.js';
import { type Child, ROOT, type Workplace } from '../workplace.js';

const SECONDS = { full: 3, smoke: 0.5 };
const PIPELINED = { connections: 8, depth: 8 };

/** How a server is asked: each connection has `depth` requests on their way at all times. */
interface Load {
  readonly connections: number;
  readonly depth: number;
}

const common = { family: 'modbus-server', unit: 'requests/s' } as const;
const what = "the simulator's Modbus server: FC 3 of 40 registers, every answer compared";
const libmodbus = 'a libmodbus server in C with a select loop, the same client';

export const modbusServerRows: readonly Row[] = [1, 8, 64].map((connections) => ({
  ...common,
  name: `modbus-server-${connections}`,
  what: `${what}; ${connections} connections, one request on its way at each`,
  against: libmodbus,
  target: { atLeast: 0.85 },
  async prepare(place) {
    const load = await buildLoad(place);
    const [ours, peer] = [await startOurs(place), await startLibmodbus(place)];
    const how = { connections, depth: 1 };
    return { ours: () => load(ours, how), peer: () => load(peer, how) };
  },
}));

export const modbusServerPipelinedRow: Row = {
  ...common,
  name: 'modbus-server-p',
  what: `${what}; 8 connections, 8 requests on their way at each`,
  against: libmodbus,
  target: { atLeast: 4 },
  async prepare(place) {
    const load = await buildLoad(place);
    const [ours, peer] = [await startOurs(place), await startLibmodbus(place)];
    return { ours: () => load(ours, PIPELINED), peer: () => load(peer, PIPELINED) };
  },
};

export const modbusServerPyRow: Row = {
  ...common,
  name: 'modbus-server-py',
  what: `${what}; 8 connections, 8 requests on their way at each`,
  against: "pymodbus' asyncio server, the same client with one request on its way at each of its 8 connections",
  target: { atLeast: 10 },
  async prepare(place) {
    const python = await pythonWith(place, PYMODBUS);
    const load = await buildLoad(place);
    const ours = await startOurs(place);
    const peer = portOf(await place.start(python, [join(ROOT, 'tools/bench/src/peers/pymodbus_server.py')]));
    return {
      ours: () => load(ours, PIPELINED),
      peer: () => load(peer, { ...PIPELINED, depth: 1 }),
      notes: ['pymodbus answers only one of several requests that come in one segment, so it is asked one at a time'],
    };
  },
};

/** The client of all rows, in C, as a function of the server's port that gives its rate. */
async function buildLoad(place: Workplace): Promise<(port: number, load: Load) => Promise<number>> {
  await requireLibmodbus(place);
  const client = await compile(place, 'modbus-load');
  const length = place.smoke ? SECONDS.smoke : SECONDS.full;
  return async (port, { connections, depth }) => {
    const { requests, seconds } = JSON.parse(await place.run(client, [port, connections, depth, length].map(String))) as {
      requests: number;
      seconds: number;
    };
    return requests / seconds;
  };
}

async function startOurs(place: Workplace): Promise<number> {
  return portOf(await place.start(process.execPath, [join(ROOT, 'tools/bench/dist/ours/modbus-server.js')]));
}

async function startLibmodbus(place: Workplace): Promise<number> {
  return portOf(await place.start(await compile(place, 'modbus-server', ['modbus']), []));
}

/** The port that a server has told first. */
function portOf({ firstLine }: Child): number {
  return (JSON.parse(firstLine) as { port: number }).port;
}
