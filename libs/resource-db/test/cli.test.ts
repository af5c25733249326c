import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createProgram, runCli } from '@venfleet/core/node';
import { addResourceDbCommands } from '../src/cli/program.js';
import { formatTable } from '../src/cli/table.js';

const CONFIG = `
modbus: { host: 127.0.0.1, basePort: 20000 }
mqtt: { host: 127.0.0.1, port: 1883, baseTopic: fleet }
files:
  bars.csv:
    subType: Bars
    type: DSR
    capacity: { pMaxKw: 25, eMaxKwh: 100 }
    meter: { via: MQTT, profile: shelly-pro-3em }
`;
const BARS = `title,address,longitude,latitude
Bar Ida,"Algade 3, 9000 Aalborg",9.91,57.01
Bar Bo,"Algade 4, 7100 Vejle",9.5,55.7
`;

let folder: string;

/** Runs a command line as main.ts does. */
async function resourceDb(...args: string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const into = (lines: string[]) => (chunk: unknown) => lines.push(String(chunk)) > 0;
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(into(out) as never),
    jest.spyOn(process.stderr, 'write').mockImplementation(into(err) as never),
  ];
  const program = createProgram('resource-db', 'test');
  addResourceDbCommands(program);
  process.exitCode = 0;
  await runCli(program, ['node', 'resource-db', ...args]);
  for (const spy of spies) spy.mockRestore();
  const status = process.exitCode;
  process.exitCode = 0;
  return { status, out: out.join(''), err: err.join('') };
}

const path = (name: string) => join(folder, name);
const db = () => ['--db', path('r.db')];
const prepare = (...more: string[]) =>
  resourceDb('prepare', ...db(), '--source', folder, '--config', path('fleet.yaml'), '--credentials', path('c.json'), ...more);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'resource-db-cli-'));
  writeFileSync(path('fleet.yaml'), CONFIG);
  writeFileSync(path('bars.csv'), BARS);
});

afterEach(() => rmSync(folder, { recursive: true }));

describe('resource-db', () => {
  test('prepare imports, writes credentials and says so on one line of JSON', async () => {
    const { status, out } = await prepare('--json');
    expect(status).toBe(0);
    expect(out.trimEnd()).not.toContain('\n');
    expect(JSON.parse(out)).toMatchObject({
      created: 2,
      rejected: 0,
      vens: 2,
      resources: 2,
      credentials: { file: path('c.json') },
    });
  });

  test('prepare writes no credentials where the VTN is a real one', async () => {
    const { status, out } = await prepare('--no-credentials', '--json');
    expect([status, JSON.parse(out)]).toEqual([0, expect.objectContaining({ created: 2, credentials: null })]);
    expect(existsSync(path('c.json'))).toBe(false);
    expect((await prepare('--no-credentials')).out).not.toContain('credentials');
  });

  test('prepare imports nothing when the credentials file is no such file', async () => {
    writeFileSync(path('c.json'), '{');
    expect(await prepare()).toMatchObject({ status: 1, err: expect.stringContaining('c.json') });
    expect(existsSync(path('r.db'))).toBe(false);
    expect(readFileSync(path('c.json'), 'utf8')).toBe('{');
  });

  test('prepare ends with status 1 and names each refused row on standard error', async () => {
    writeFileSync(path('bars.csv'), `${BARS}Bar X,nowhere,1,1\n`);
    const { status, out, err } = await prepare();
    expect(status).toBe(1);
    expect(out).toMatch(/rejected +1\n/);
    expect(err).toContain('bars.csv:4: address: "nowhere" has no city');
    expect(out).toContain(path('r.rejects.csv'));
  });

  test('stats and query show what is there', async () => {
    await prepare();
    expect(JSON.parse((await resourceDb('stats', ...db(), '--json')).out)).toMatchObject({
      resources: 2,
      vens: 2,
      byType: { DSR: 2, EV: 0 },
      bySubType: { Bars: 2 },
      byVen: [
        { ven: 'Aalborg', resources: 1 },
        { ven: 'Vejle', resources: 1 },
      ],
      byConnection: { reader: { MODBUSTCP: 0, MQTT: 2, FILEREADER: 0 }, writer: { MQTT: 0 } },
      capacity: { pMaxKw: 50 },
    });
    const { out } = await resourceDb('query', ...db(), '--ven', 'Vejle', '--json');
    expect(JSON.parse(out)).toMatchObject({
      total: 1,
      resources: [{ name: 'Bar Bo', pMaxKw: 25, reader: { type: 'MQTT' }, writer: null }],
    });
    expect((await resourceDb('query', ...db(), '--type', 'EV')).out).toBe('no resource\n');
  });

  test('export and backup refuse a file that exists; check finds them sound', async () => {
    await prepare();
    for (const args of [
      ['export', ...db(), '--ven', 'Vejle'],
      ['backup', ...db()],
    ]) {
      const target = path(`${args[0]}.db`);
      expect((await resourceDb(...args, '--out', target)).status).toBe(0);
      expect(await resourceDb(...args, '--out', target)).toMatchObject({
        status: 1,
        err: expect.stringContaining('exists already'),
      });
      expect(await resourceDb('check', '--db', target)).toMatchObject({ status: 0, out: expect.stringContaining('is sound') });
    }
  });

  test('a missing database names the command that makes it; wrong options end with status 2', async () => {
    expect(await resourceDb('stats', ...db())).toMatchObject({
      status: 1,
      err: expect.stringContaining('npx nx run resource-db:prepare'),
    });
    expect(await resourceDb('stats', '--bad')).toMatchObject({
      status: 2,
      err: expect.stringContaining("unknown option '--bad'"),
    });
    expect((await resourceDb('query', ...db(), '--limit', '0')).status).toBe(2);
    expect((await resourceDb('export', ...db())).status).toBe(2);
  });

  test('import-connections tells each change, and every mistake with status 1', async () => {
    await prepare();
    const profiles = ['--profiles', fileURLToPath(new URL('../../../config/device-profiles', import.meta.url))];
    await resourceDb('export-connections', ...db(), '--out', path('all.csv'));
    const csv = readFileSync(path('all.csv'), 'utf8');
    writeFileSync(path('site.csv'), csv.replace('127.0.0.1,1883', 'broker.lan,8883'));
    const dry = await resourceDb('import-connections', path('site.csv'), ...db(), ...profiles, '--dry-run');
    expect(dry).toMatchObject({ status: 0, err: '', out: expect.stringContaining('Nothing was changed (dry run)') });
    expect(dry.out).toContain('broker.lan:8883');
    const real = await resourceDb('import-connections', path('site.csv'), ...db(), ...profiles, '--json');
    expect(JSON.parse(real.out)).toMatchObject({ created: 0, updated: 1, unchanged: 1, unnamed: [], dryRun: false });
    writeFileSync(path('bad.csv'), csv.replaceAll('shelly-pro-3em', 'shelly'));
    const bad = await resourceDb('import-connections', path('bad.csv'), ...db(), ...profiles);
    expect(bad).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('bad.csv has 2 mistakes; nothing was changed'),
    });
    expect(bad.err).toContain('bad.csv:3: profile: "shelly" is no device profile for MQTT');
  });
});

test('tables line up, numbers to the right', () => {
  expect(
    formatTable(
      [
        ['Bars', '1,056'],
        ['Køkkener', '9'],
      ],
      ['KIND', 'N'],
    ),
  ).toBe('KIND          N\nBars      1,056\nKøkkener      9');
});
