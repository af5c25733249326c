import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger } from '@venfleet/core';
import { SimulatorOps } from '@venfleet/device-sim';
import type { Browser, BrowserContext } from 'playwright-core';
import type { RunningAgent } from './support/agent.js';
import { accessibilityFindings, chromiumPath, launchChromium, openWindow, watchManners } from './support/browser.js';
import { ConsolePage } from './support/console-page.js';
import { readCredentials } from './support/fleet.js';
import { eventually, type LoopFleet, LoopOperator, registerVen, startLoopFleet, startVtnProgram } from './support/loop.js';
import { temporaryFolder } from './support/programs.js';

const PATIENCE = 300_000;
const CHROMIUM = chromiumPath();
/** One with an agent, and one that is only registered, on Bornholm. */
const [VEN, OTHER] = ['Horsens', 'Rønne'];

const PAGES = ['Fleet', 'Events', 'Reports', 'Audit', 'Faults'];

const folder = temporaryFolder();
let fleet: LoopFleet;
let simulator: SimulatorOps;
let agent: RunningAgent;
let browser: Browser;
let window: BrowserContext;
let console: ConsolePage;
let origin = '';
let faults: readonly string[] = [];
const running: { stop(): Promise<unknown> }[] = [];

/** What a VEN's circle is called. */
const label = async (ven: string) => (await console.site(ven).getAttribute('aria-label')) ?? '';

const businessClient = () => {
  const client = readCredentials(fleet.credentials).clients.find(({ role }) => role === 'BL');
  if (client === undefined) throw new Error('there is no business-logic client');
  return client;
};

(CHROMIUM === undefined ? describe.skip : describe)(
  `the console in a browser${CHROMIUM === undefined ? ' (skipped: chromium is not installed)' : ''}`,
  () => {
    beforeAll(async () => {
      fleet = await startLoopFleet(folder, [VEN, OTHER]);
      running.push(fleet);
      simulator = new SimulatorOps({ simulator: fleet.simulator, host: '127.0.0.1', port: 0, logger: silentLogger });
      running.push(simulator);
      const vtn = await startVtnProgram(fleet.credentials, ['--simulator', await simulator.start()]);
      running.push(vtn);
      const url = vtn.urls['3.1.0'];
      origin = new URL(url).origin;
      // Before the event that asks for reports: a VEN on its own, that nobody asks, is registered and no more.
      await registerVen(fleet, OTHER, url);
      const ven = await registerVen(fleet, VEN, url);
      const report = ['--report', 'load:5s', '--report', 'baseline:5s'];
      await new LoopOperator(url, fleet.credentials).event('create', '--count', '0', '--interval', '5s', '--ven', VEN, ...report);
      agent = await ven.run();
      running.push(agent);
      browser = await launchChromium(CHROMIUM as string);
      running.push({ stop: () => browser.close() });
      window = await openWindow(browser, { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
      const page = await window.newPage();
      faults = watchManners(page, origin);
      console = new ConsolePage(page, origin);
    }, PATIENCE);
    afterAll(async () => {
      for (const one of running.reverse()) await one.stop();
    }, PATIENCE);

    test(
      'lets nobody in with a wrong secret, says so where it is typed, and shows the fleet with the right one',
      async () => {
        const { page } = console;
        const { clientId, clientSecret } = businessClient();
        await console.open();
        await console.logIn(clientId, 'wrong');
        await page.getByText('Not accepted').first().waitFor();
        const secret = page.getByLabel('Client secret');
        expect(await secret.getAttribute('aria-invalid')).toBe('true');
        expect(await accessibilityFindings(page)).toEqual([]);
        await secret.fill(clientSecret);
        await page.keyboard.press('Enter');
        await console.site(VEN).waitFor();
        expect(await label(OTHER)).toMatch(/resources, registered$/);
        await eventually('the load shows', async () => Number(await console.figure('load')) > 0);
        await eventually(`${VEN} reports`, async () => /, reporting, /.test(await label(VEN)));
      },
      PATIENCE,
    );

    test(
      'can be used by keyboard alone: past the navigation, over the map, into a VEN, to one of its resources',
      async () => {
        const { page } = console;
        await page.reload();
        await console.site(VEN).waitFor();
        await page.keyboard.press('Tab');
        expect(await console.focused()).toBe('Skip to content');
        await page.keyboard.press('Enter');
        await page.keyboard.press('Tab');
        expect(await console.focused()).toMatch(new RegExp(`^(${VEN}|${OTHER}), `));
        await console.site(VEN).focus();
        await page.keyboard.press('ArrowRight');
        expect(await console.focused()).toMatch(new RegExp(`^${OTHER}, `));
        await page.keyboard.press('ArrowLeft');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: VEN, level: 1 }).waitFor();
        expect(await console.focused()).toBe(VEN);
        const resources = page.getByRole('table', { name: 'Resources' });
        await resources.getByRole('link').first().focus();
        await page.keyboard.press('End');
        await eventually(
          'the last resource has the focus',
          async () => (await console.focused()) === (await resources.getByRole('link').last().textContent()),
        );
        const last = await console.focused();
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: last, level: 1 }).waitFor();
        await page.getByText('Meter point').first().waitFor();
      },
      PATIENCE,
    );

    test(
      'has nothing on any of its pages that axe finds wrong, neither dark nor light',
      async () => {
        const { page } = console;
        for (const colorScheme of ['dark', 'light'] as const) {
          await page.emulateMedia({ colorScheme });
          for (const name of PAGES) {
            await console.go(name);
            expect([colorScheme, name, await accessibilityFindings(page)]).toEqual([colorScheme, name, []]);
          }
          await console.go('Fleet');
          await console.site(VEN).click();
          await page.getByRole('table', { name: 'Resources' }).waitFor();
          await page.getByRole('button', { name: `New event for ${VEN}` }).click();
          await page.getByRole('dialog').waitFor();
          await page.getByText('Name, program and more').click();
          expect([colorScheme, 'form', await accessibilityFindings(page)]).toEqual([colorScheme, 'form', []]);
          await page.keyboard.press('Escape');
          expect([colorScheme, 'VEN', await accessibilityFindings(page)]).toEqual([colorScheme, 'VEN', []]);
        }
        await page.emulateMedia({ colorScheme: 'dark' });
      },
      PATIENCE,
    );

    test(
      'fits a phone: nothing is wider than its window',
      async () => {
        const { page } = console;
        await page.setViewportSize({ width: 360, height: 740 });
        for (const name of PAGES) {
          await console.go(name);
          expect([name, await console.overflow()]).toEqual([name, 0]);
        }
        await console.go('Fleet');
        await console.site(VEN).click();
        await page.getByRole('table', { name: 'Resources' }).waitFor();
        expect(['VEN', await console.overflow()]).toEqual(['VEN', 0]);
        await page.setViewportSize({ width: 1440, height: 900 });
        await console.go('Fleet');
      },
      PATIENCE,
    );

    test(
      'makes an event by its form, shows the load fall by it, changes it, and shows the load rise again when it is cancelled',
      async () => {
        const { page } = console;
        const load = async () => Number(await console.figure('load'));
        const before = await load();
        expect(before).toBeGreaterThan(0);
        const partOf = (part: number) => `${Math.round((part * before) / 1000)}kW`;

        await page.getByRole('button', { name: 'New event' }).click();
        const dialog = page.getByRole('dialog');
        await dialog.getByText('Limit the load').click();
        const limit = dialog.getByRole('textbox', { name: 'Limit of each VEN' });
        await limit.fill('little');
        await dialog.getByRole('button', { name: 'Create event' }).click();
        await dialog.getByText('It must be a power').waitFor();
        expect(await limit.getAttribute('aria-invalid')).toBe('true');
        expect(await accessibilityFindings(page)).toEqual([]);
        await limit.fill(partOf(0.5));
        await dialog.getByLabel('How long').fill('10');
        await dialog.getByText(`a limit of ${partOf(0.5)} for all 2 VENs, from now, for 10m`).waitFor();
        await dialog.getByRole('button', { name: 'Create event' }).click();
        await dialog.waitFor({ state: 'detached' });
        await eventually('the load falls', async () => (await load()) < 0.65 * before);
        expect(await label(VEN)).toMatch(/in event/);

        await page.locator('.event-card').getByRole('link').first().click();
        await page.getByRole('button', { name: 'Change', exact: true }).click();
        await limit.fill(partOf(0.6));
        await dialog.getByRole('button', { name: 'Change event' }).click();
        await page.getByRole('heading', { name: `limit ${Math.round((0.6 * before) / 1000)} kW`, level: 1 }).waitFor();
        await console.go('Fleet');
        await console.cancelNewest();
        await console.go('Fleet');
        await eventually('the load is back', async () => (await load()) > 0.85 * before);
        await eventually('no event is on', async () => /, reporting, /.test(await label(VEN)));
      },
      PATIENCE,
    );

    test(
      'makes a fault of the devices by its form, says whom it hits, and clears it',
      async () => {
        const { page } = console;
        await console.go('Faults');
        await page.getByText('All devices are well.').waitFor();
        const form = page.getByRole('region', { name: 'Make a fault' });
        const share = form.getByLabel('Share of them, in %');
        const make = form.getByRole('button', { name: 'Make it' });
        await form.getByLabel('Kind').selectOption('offline');
        await form.getByLabel('VEN').fill(VEN);
        await share.fill('130');
        await make.click();
        await form.locator('#fault-percent-error').getByText('must be a number from 0 to 100').waitFor();
        expect(await share.getAttribute('aria-invalid')).toBe('true');
        expect(await accessibilityFindings(page)).toEqual([]);
        await share.fill('30');
        await make.click();
        const told = (await page.getByText(/^offline on \d+ devices$/).textContent()) ?? '';
        const hit = Number(/\d+/.exec(told)?.[0]);
        expect(hit).toBeGreaterThan(0);
        expect(hit).toBeLessThan(fleet.sites(VEN).length);
        const silent = async () => (await agent.meters()).filter(({ problem }) => problem !== null).length;
        await eventually('the meters that it hits are silent', async () => (await silent()) === hit);
        await page.getByRole('button', { name: /^Clear fault \d+, offline$/ }).click();
        await page.getByText('All devices are well.').waitFor();
        await eventually('all meters answer again', async () => (await silent()) === 0);
      },
      PATIENCE,
    );

    test('asks no other host, keeps to its policy, and throws nothing', () => {
      expect(faults).toEqual([]);
    });

    test(
      'says that the simulator does not answer, and where it should',
      async () => {
        await simulator.stop();
        await console.go('Fleet');
        await console.go('Faults');
        await console.page
          .getByText(/^No device simulator answers at http:/)
          .first()
          .waitFor();
      },
      PATIENCE,
    );

    test(
      'says that the connection is lost, and that what shows is old',
      async () => {
        await window.setOffline(true);
        await running.find((one) => 'urls' in one)?.stop();
        await console.page.getByText('Connection lost.').first().waitFor();
      },
      PATIENCE,
    );
  },
);
