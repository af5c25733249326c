/**
 * The package, installed in a Debian of its own and run as a service by systemd, from the bare machine to its removal. The
 * steps are one story: each goes on where the one before ended. `npm run prove:pi` runs it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { freePort, jsonOf } from '../support/programs.js';
import { DebianMachine, pause, whyNoDebian } from './debian.js';
import { makePackage, openSite, type Site, THIS_MACHINE, VEN } from './site.js';

/** What has not come about by then does not. */
const PATIENCE = 240_000;
const SETTINGS = '/etc/venfleet/ven-agent.yaml /etc/venfleet/environment';

const obstacle = await whyNoDebian();
if (obstacle !== undefined) process.stdout.write(`skipped: the package in a Debian of its own: ${obstacle}\n`);
const story = obstacle === undefined ? describe : describe.skip;
// A step cannot be tried again where the ones before it have left the machine in another state.
jest.retryTimes(0);

let folder: string;
let machine: DebianMachine;
let site: Site;
let packages: { readonly first: string; readonly next: string };
let ops: string;

// Not run where everything is skipped.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'venfleet-pi-'));
  machine = new DebianMachine(join(folder, 'debian'));
  const made = [makePackage(folder, '1.0.0', THIS_MACHINE), makePackage(folder, '1.0.1', THIS_MACHINE)] as const;
  await machine.install();
  site = await openSite(folder);
  await machine.boot();
  const [first, next] = await Promise.all(made);
  packages = { first, next };
}, PATIENCE);

afterAll(async () => {
  await machine.destroy();
  await site?.stop();
  rmSync(folder, { recursive: true, force: true });
}, PATIENCE);

let failedAt: string | undefined;

function step(name: string, work: () => Promise<void>): void {
  const whole = async () => {
    if (failedAt !== undefined) throw new Error(`not tried, for this failed: ${failedAt}`);
    failedAt = name;
    await work();
    failedAt = undefined;
  };
  test(name, whole, PATIENCE);
}

/** A property of the service, as systemd has it. */
const service = async (property: string) =>
  (await machine.do('systemctl', 'show', 'venfleet', '--value', '--property', property)).trim();

/** Waits until something is so; the step's own time is the limit. */
async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await pause();
}

/** The agent's figure has come to what is wanted. */
const reaches = (name: string, isIt: (value: number) => boolean) =>
  until(async () => {
    const text = await fetch(`${ops}/metrics`)
      .then((answer) => answer.text())
      .catch(() => '');
    const line = text.split('\n').find((each) => each.startsWith(`${name} `));
    return line !== undefined && isIt(Number(line.slice(name.length)));
  });

const metersAnswer = () => reaches('ven_agent_meters_answering', (meters) => meters === 8);
const sitesAreHeld = () => reaches('ven_agent_controllers_by_status{status="holding"}', (held) => held > 0);
const isActive = () => until(async () => (await service('ActiveState')) === 'active');
const journal = (...args: string[]) => machine.do('journalctl', '--unit', 'venfleet', '--output', 'cat', '--no-pager', ...args);

story('the package on a Debian machine', () => {
  step('installs: a user of its own, settings that only root and it can read, the service enabled but not up', async () => {
    const deb = machine.bring(packages.first);
    await machine.do('dpkg', '--install', deb);
    expect(await machine.do('stat', '--format', '%U:%G %a %n', ...SETTINGS.split(' '), '/var/lib/venfleet')).toBe(
      'root:venfleet 640 /etc/venfleet/ven-agent.yaml\nroot:venfleet 640 /etc/venfleet/environment\nvenfleet:venfleet 750 /var/lib/venfleet\n',
    );
    expect(await machine.do('venfleet', '--version')).toBe('1.0.0\n');
    expect((await machine.do('systemctl', 'is-enabled', 'venfleet')).trim()).toBe('enabled');
    // There is no database yet, and so nothing to do.
    expect([await service('ActiveState'), await service('ConditionResult')]).toEqual(['inactive', 'no']);
    // Installed again, nothing happens.
    await machine.do('dpkg', '--install', deb);
    expect(await machine.do('dpkg', '--verify', 'venfleet')).toBe('');
  });

  step('tells somebody who is neither root nor the service to use sudo', async () => {
    const outcome = await machine.try('setpriv', '--reuid=nobody', '--clear-groups', 'venfleet', 'check');
    expect(outcome).toMatchObject({ status: 1, stderr: expect.stringContaining('sudo venfleet check') });
  });

  step('is commissioned as docs/commissioning.md says: database, settings, connections, check, registration', async () => {
    // Root's home is root's alone; what root names is read all the same.
    await machine.sh('chmod 0700 /root');
    const database = machine.bring(site.database);
    await machine.sh(`install -o venfleet -g venfleet -m 0640 ${database} /var/lib/venfleet/resources.db`);
    const port = await freePort();
    ops = `http://127.0.0.1:${port}`;
    edit('etc/venfleet/ven-agent.yaml', (text) =>
      text.replace('https://vtn.example.org/openadr3/3.1.0', site.url).replace('port: 9464', `port: ${port}`),
    );
    const { clientId, clientSecret } = site.client;
    edit('etc/venfleet/environment', (text) =>
      text.replace(/^#(VENFLEET_CLIENT_ID=)/m, `$1${clientId}`).replace(/^#(VENFLEET_CLIENT_SECRET=)/m, `$1${clientSecret}`),
    );
    // The devices that the office has simulated are not here.
    const early = await machine.try('venfleet', 'check', '--live');
    expect(early).toMatchObject({ status: 1, stdout: expect.stringMatching(/^fail +gateway /m) });
    expect(await machine.do('venfleet', 'import-connections', machine.bring(site.connections))).toMatch(
      /^Connections in \/var\/lib\/venfleet\/resources\.db: 0 created, 1\d updated, 0 removed/m,
    );
    await machine.do('venfleet', 'register');
    const late = await machine.do('venfleet', 'check', '--live');
    expect(late).toMatch(/^ok +token /m);
    expect(late).not.toMatch(/^fail/m);
    expect(await machine.sh('find /var/lib/venfleet ! -user venfleet')).toBe('');
  });

  step('runs as a service that says when it is up, meters, reports and acts on an event', async () => {
    await machine.do('systemctl', 'start', 'venfleet');
    // Type=notify: it has said so itself.
    expect(await service('ActiveState')).toBe('active');
    await metersAnswer();
    // Its settings say where it answers.
    expect(JSON.parse(await machine.do('venfleet', 'alerts', '--json'))).toEqual({ alerts: expect.any(Array) });
    await site.event('--limit', '4kW', '--interval', '5s', '--count', '720', '--ven', VEN, '--report', 'load:5s');
    await reaches('ven_agent_reports_acknowledged_total', (reports) => reports >= 1);
    await sitesAreHeld();
    expect(await site.held()).toBeGreaterThan(0);
  });

  step('logs to the journal by priority, and without secrets', async () => {
    const all = await journal();
    expect(all).toContain('health and metrics at');
    expect(all).not.toContain(site.client.clientSecret);
    // Neither JSON nor what V8 or Node have to say of settings that they do not know.
    expect(all).not.toMatch(/"level":|unrecognized|Warning:/);
    expect((await journal('--priority', 'info', '--grep', 'subscribed at the broker')).trim()).not.toBe('');
    expect((await journal('--priority', 'err')).replace('-- No entries --', '').trim()).toBe('');
  });

  step('is started anew by the watchdog when it hangs', async () => {
    const override = join(machine.root, 'etc/systemd/system/venfleet.service.d');
    mkdirSync(override);
    writeFileSync(join(override, 'watchdog.conf'), '[Service]\nWatchdogSec=4\nRestartSec=0\n');
    await machine.sh('systemctl daemon-reload && systemctl restart venfleet');
    await until(async () => /8 of 8 meters answer/.test(await service('StatusText')));
    const pid = await service('MainPID');
    await machine.sh(`kill -STOP ${pid}`);
    await until(async () => Number(await service('NRestarts')) >= 1);
    await isActive();
    expect(await service('MainPID')).not.toBe(pid);
    rmSync(override, { recursive: true });
    await machine.sh('systemctl daemon-reload && systemctl restart venfleet');
  });

  step('is up again after a reboot, and goes on with the event and the reports', async () => {
    await machine.powerOff();
    await machine.boot();
    await isActive();
    await metersAnswer();
    await sitesAreHeld();
    const printed = await machine.do('venfleet', 'reports', '--audit', '--json');
    expect(jsonOf({ status: 0, signal: null, stderr: '', stdout: printed })).toMatchObject({ doubled: 0 });
  });

  step('ends when it is told to, and cleanly', async () => {
    await machine.do('systemctl', 'stop', 'venfleet');
    expect([await service('Result'), await service('ExecMainStatus')]).toEqual(['success', '0']);
    await machine.do('systemctl', 'start', 'venfleet');
  });

  step('is upgraded with its settings kept, and restarted', async () => {
    const look = `cat ${SETTINGS}; stat --format '%U:%G %a' ${SETTINGS}`;
    const [before, pid] = [await machine.sh(look), await service('MainPID')];
    await machine.do('dpkg', '--install', machine.bring(packages.next));
    expect(await machine.do('venfleet', '--version')).toBe('1.0.1\n');
    expect(await machine.sh(look)).toBe(before);
    await isActive();
    expect(await service('MainPID')).not.toBe(pid);
    await metersAnswer();
  });

  step('is removed with its state and settings kept, and purged with nothing left', async () => {
    await machine.do('dpkg', '--remove', 'venfleet');
    expect(await machine.sh('grep -l venfleet /proc/[0-9]*/comm || true')).toBe('');
    await expect(fetch(`${ops}/healthz`)).rejects.toThrow();
    expect(await machine.sh(`ls /var/lib/venfleet/resources.db ${SETTINGS} | wc -l`)).toBe('3\n');
    expect((await machine.try('sh', '-c', 'command -v venfleet')).status).not.toBe(0);
    await machine.do('dpkg', '--purge', 'venfleet');
    const places = '/etc /usr /var/lib /run /home /opt /srv';
    expect(await machine.sh(`find ${places} -xdev -name '*venfleet*'`)).toBe('');
    expect(await machine.do('dpkg', '--audit')).toBe('');
  });
});

/** Changes a file of the machine in its place, so that owner and mode stay. */
function edit(path: string, change: (text: string) => string): void {
  const file = join(machine.root, path);
  const text = readFileSync(file, 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
}
