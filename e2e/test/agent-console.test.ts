import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { RunningAgent } from './support/agent.js';
import { accessibilityFindings, chromiumPath, launchChromium, openWindow, watchManners } from './support/browser.js';
import { ConsolePage } from './support/console-page.js';
import {
  eventually,
  type LoopFleet,
  LoopOperator,
  type LoopVen,
  registerVen,
  startLoopFleet,
  startVtnProgram,
} from './support/loop.js';
import { temporaryFolder } from './support/programs.js';

const PATIENCE = 300_000;
const CHROMIUM = chromiumPath();
const VEN = 'Horsens';
const TOKEN = 'a-token-that-nobody-guesses';

const folder = temporaryFolder();
let fleet: LoopFleet;
let operator: LoopOperator;
let ven: LoopVen;
let agent: RunningAgent;
let browser: Browser;
let page: Page;
let console: ConsolePage;
let faults: readonly string[] = [];
const running: { stop(): Promise<unknown> }[] = [];

const label = async () => (await console.site(VEN).getAttribute('aria-label')) ?? '';

async function logIn(token: string): Promise<void> {
  await page.getByLabel('Operator token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
}

/** Neither wrong by axe nor wider than its window, dark, light and on a phone. */
async function expectGoodLooks(where: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect([where, colorScheme, await accessibilityFindings(page)]).toEqual([where, colorScheme, []]);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  // A chart takes its new width in the next frame.
  await eventually(`${where} fits a phone`, async () => (await console.overflow()) === 0);
  await page.setViewportSize({ width: 1440, height: 900 });
}

(CHROMIUM === undefined ? describe.skip : describe)(
  `the agent's console in a browser${CHROMIUM === undefined ? ' (skipped: chromium is not installed)' : ''}`,
  () => {
    beforeAll(async () => {
      fleet = await startLoopFleet(folder, [VEN], 1);
      running.push(fleet);
      const vtn = await startVtnProgram(fleet.credentials);
      running.push(vtn);
      const url = vtn.urls['3.1.0'];
      const token = join(folder, 'console-token');
      writeFileSync(token, TOKEN, { mode: 0o600 });
      ven = await registerVen(fleet, VEN, url, { ops: { console: { token: `file:${token}` } } });
      operator = new LoopOperator(url, fleet.credentials);
      await operator.event('create', '--name', 'Reports', '--count', '0', '--interval', '5s', '--report', 'load:5s');
      agent = await ven.run();
      running.push({ stop: () => agent.stop() });
      browser = await launchChromium(CHROMIUM as string);
      running.push({ stop: () => browser.close() });
      const window = await openWindow(browser, { viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
      page = await window.newPage();
      faults = watchManners(page, agent.ops);
      console = new ConsolePage(page, agent.ops);
    }, PATIENCE);
    afterAll(async () => {
      for (const one of running.reverse()) await one.stop();
    }, PATIENCE);

    test(
      'lets in who has the token of its configuration, and shows its own VEN as its meters and its VTN have it',
      async () => {
        await console.open();
        await logIn('a-token-that-somebody-guesses');
        await page.getByText('Not accepted').first().waitFor();
        await expectGoodLooks('login');
        await logIn(TOKEN);
        await console.site(VEN).waitFor();
        await eventually('it is ready', async () => /, ready, \d/.test(await label()), { saw: () => VEN });
        expect(await page.getByRole('banner').textContent()).toContain(VEN);
        await page.getByText('load now, as the meters tell it').waitFor();
        const drawn = fleet.load(fleet.sites(VEN));
        await eventually('the load is that of the devices', async () => {
          const shown = (await console.figure('load')) ?? 0;
          return Math.abs(shown - drawn) < 0.2 * drawn;
        });
        await expectGoodLooks('fleet');
      },
      PATIENCE,
    );

    test(
      'shows an event with what is given of it, and no way to write one; there are no faults to make',
      async () => {
        // What is given is told from what was drawn in the ten seconds before, at least.
        await page.getByRole('button', { name: 'Show as table' }).click();
        const curve = page.getByRole('group', { name: 'Load of the fleet, the newest first' });
        await eventually('the load of a while is known', async () => (await curve.getByRole('row').count()) > 2);
        const id = await operator.event('create', '--shed', '30%', '--for', '10m', '--name', 'Evening peak');
        await eventually('it is in the event', async () => /, in event, /.test(await label()));
        await eventually('something is given', async () => Number(await console.figure('delivered')) > 0);
        await console.go('Events');
        await page.getByRole('link', { name: 'Evening peak' }).click();
        await page.getByRole('heading', { name: 'Evening peak', level: 1 }).waitFor();
        await page.getByText('For all VENs.').waitFor();
        expect(await page.getByRole('button', { name: /^(new event|change|cancel event)/i }).count()).toBe(0);
        await expectGoodLooks('event');
        expect(await page.getByRole('navigation').getByRole('link').allTextContents()).toEqual([
          'Fleet',
          'Events',
          'Reports',
          'Audit',
        ]);
        await console.open('#/faults');
        await page.getByText('load now, as the meters tell it').waitFor();
        await operator.remove(id);
      },
      PATIENCE,
    );

    test(
      'shows what became of the reports, how a resource is reached, and why it does what it does',
      async () => {
        await console.go('Reports');
        // The list stays as it is until newer ones are asked for.
        const acknowledged = page.getByRole('cell', { name: 'acknowledged' });
        await eventually('a report is acknowledged', async () => {
          const answer = page.waitForResponse((response) => response.url().includes('/console/api/reports'));
          await page.getByRole('button', { name: 'Look for newer ones' }).click();
          await answer;
          return (await acknowledged.count()) > 0;
        });
        expect(await page.getByRole('columnheader').allTextContents()).toEqual([
          'Due',
          'VEN',
          'Event',
          'Of',
          'What',
          'Intervals',
          'State',
        ]);
        await expectGoodLooks('reports');
        await console.go('Audit');
        await page.getByText('Reports that were due since the outbox was made').waitFor();
        await expectGoodLooks('audit');
        await console.go('Fleet');
        await console.site(VEN).click();
        const resources = page.getByRole('table', { name: 'Resources' });
        await resources.waitFor();
        await expectGoodLooks('VEN');
        const [hotel] = fleet.sites(VEN).filter(({ subType }) => subType === 'Hotels');
        await resources.getByRole('link', { name: hotel?.name ?? '' }).click();
        await page.getByText(/^modbus 127\.0\.0\.1:\d+ unit \d+ \(eastron-sdm630\)$/).waitFor();
        await page.getByText('measured: ').waitFor();
        await expectGoodLooks('resource');
      },
      PATIENCE,
    );

    test('asks no other host, keeps to its policy, and throws nothing', () => {
      expect(faults).toEqual([]);
    });

    test(
      'says that it is offline while the agent is stopped, and goes on by itself once it is back; who logs out is out',
      async () => {
        await console.go('Fleet');
        const { port } = new URL(agent.ops);
        await agent.stop();
        await page.getByText('Connection lost.').first().waitFor();
        await page.getByText('Offline').waitFor();
        await expectGoodLooks('offline');
        agent = await ven.run(['--ops-port', port]);
        await page.getByText(/^Live/).waitFor();
        await eventually('it is ready again', async () => /, ready, \d/.test(await label()));
        await page.reload();
        await console.site(VEN).waitFor();
        await page.getByRole('button', { name: 'Log out' }).click();
        await page.getByLabel('Operator token').waitFor();
        await page.reload();
        await page.getByLabel('Operator token').waitFor();
      },
      PATIENCE,
    );
  },
);
