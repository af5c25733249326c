import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { prepareDevices } from './support/devices.js';
import { freePort, jsonOf, root, run, temporaryFolder } from './support/programs.js';

const folder = temporaryFolder();
const nx = (...args: string[]) =>
  run(process.execPath, [join(root, 'node_modules/nx/dist/bin/nx.js'), ...args], { env: { NX_DAEMON: 'false', NO_COLOR: '1' } });
const start = (...args: string[]) => run(process.execPath, [join(root, 'tools/start/dist/main.js'), ...args]);

/** The live line, once thousands of meters answer. */
const METERED = /[1-9],\d{3} of 9,714 meters answer .* reports acknowledged/;

describe('npm start', () => {
  test('registers the whole sample fleet, and run again changes nothing', async () => {
    const args = ['--register-only', '--state', join(folder, 'start'), '--port', String(await freePort())];
    const first = await start(...args);
    expect(first.stdout).toMatch(/^158 VENs, 9,714 resources registered, 0 failed, 9,872 changes/m);
    expect(first.status).toBe(0);
    const second = await start(...args);
    expect(second.stdout).toMatch(/^158 VENs, 9,714 resources registered, 0 failed, 0 changes/m);
    expect(second.status).toBe(0);
  });

  test('meters the fleet until it is interrupted, says where to look, and leaves nothing running', async () => {
    const port = await freePort();
    const { db, mqttPort } = await prepareDevices(folder, 23_000);
    const where = [
      '--db',
      db,
      '--state',
      join(folder, 'up'),
      '--port',
      String(port),
      '--ops-port',
      '0',
      '--agent-ops-port',
      '0',
      '--version',
      '3.1.0',
    ];
    const outcome = await run(process.execPath, [join(root, 'tools/start/dist/main.js'), ...where], {
      onStart: (kill, stdout) => stdout.on('data', (text) => METERED.test(String(text)) && kill('SIGINT')),
    });
    expect(outcome.status).toBe(0);
    expect(outcome.stdout).toContain(`http://localhost:${port}/openadr3/3.1.0`);
    expect(outcome.stdout).toContain('9,714 simulated devices are up');
    expect(outcome.stdout).toContain('Ctrl-C stops it');
    expect(outcome.stdout).toMatch(METERED);
    for (const closed of [port, mqttPort, 23_000]) {
      await expect(
        new Promise((open, refused) => connect(closed, '127.0.0.1', () => open('open')).on('error', refused)),
      ).rejects.toMatchObject({
        code: 'ECONNREFUSED',
      });
    }
  }, 240_000);

  test('says so when its port is taken, and starts nothing', async () => {
    const other = createServer();
    const port = await freePort();
    await new Promise<void>((done) => other.listen(port, '127.0.0.1', done));
    const outcome = await start('--register-only', '--state', join(folder, 'taken'), '--port', String(port));
    other.close();
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(`port ${port}`);
    expect(outcome.stdout).not.toContain('Registering');
  });
});

describe('the Nx targets', () => {
  test('resource-db:stats --json gives the exact totals of the sample fleet', async () => {
    const stats = jsonOf<{
      resources: number;
      vens: number;
      byType: object;
      bySubType: object;
      byVen: { ven: string; resources: number }[];
    }>(await nx('run', 'resource-db:stats', '--json'));
    expect([stats.resources, stats.vens]).toEqual([9714, 158]);
    expect(stats.byType).toEqual({ DSR: 8173, EV: 1541 });
    expect(stats.bySubType).toEqual({
      Restaurants: 1590,
      Industries: 1564,
      'Charging Stations': 1541,
      Hotels: 1507,
      Schools: 1278,
      Bars: 1056,
      Bakeries: 842,
      'Swimming Pools': 336,
    });
    expect(stats.byVen.slice(0, 10).map(({ ven, resources }) => `${ven} ${resources}`)).toEqual([
      'Aalborg 627',
      'Aarhus 557',
      'Herning 507',
      'Randers 448',
      'Vejle 397',
      'Viborg 397',
      'Kolding 312',
      'Holstebro 306',
      'Hjørring 294',
      'Frederikshavn 273',
    ]);
    expect(stats.byVen).toHaveLength(158);
    expect(stats.byVen.slice(10).every(({ resources }) => resources < 273)).toBe(true);
  });

  test('--help of a target shows the options of its command', async () => {
    const { stdout, status } = await nx('run', 'ven-agent:register', '--help');
    expect(status).toBe(0);
    for (const option of ['--limit', '--ven', '--dry-run', '--prune', '--vtn-url', '--db', '--json', '--no-auth']) {
      expect(stdout).toContain(option);
    }
  });

  test('options reach the command as they were written, and its failure is Nx’s', async () => {
    const { stdout, stderr, status } = await nx('run', 'ven-agent:register', '--ven', 'Nykøbing  F', '--dry-run', '--no-auth');
    expect(`${stdout}${stderr}`).toContain('no VEN named Nykøbing  F');
    expect(status).not.toBe(0);
  });
});
