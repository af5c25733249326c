import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from '@jest/globals';
import { chromiumPath, frameTimes, launchChromium, openWindow } from './support/browser.js';
import { ConsolePage } from './support/console-page.js';
import { readCredentials } from './support/fleet.js';
import { eventually } from './support/loop.js';
import { root } from './support/programs.js';

/** Where the console of a fleet that is up can be found: `VENFLEET_PICTURES_OF=http://localhost:8000` beside `npm start`. */
const ORIGIN = process.env.VENFLEET_PICTURES_OF;
const IMAGES = join(root, 'docs/images');
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

(ORIGIN === undefined ? test.skip : test)(
  'takes the pictures of docs/images, and the times of frames, of a fleet that is up (VENFLEET_PICTURES_OF)',
  async () => {
    const chromium = chromiumPath();
    const client = readCredentials(join(root, 'config/dev-credentials.json')).clients.find(({ role }) => role === 'BL');
    if (chromium === undefined || client === undefined) throw new Error('it needs chromium and a business-logic client');
    mkdirSync(IMAGES, { recursive: true });
    const browser = await launchChromium(chromium);
    try {
      const window = await openWindow(browser, { viewport: DESKTOP, colorScheme: 'dark' });
      const console = new ConsolePage(await window.newPage(), ORIGIN as string);
      await console.open();
      await console.logIn(client.clientId, client.clientSecret);
      await eventually(
        'the whole fleet reports',
        async () => (await console.page.locator('.site.mark--reporting').count()) > 150,
        {
          withinS: 400,
        },
      );
      const quiet = await frameTimes(console.page, 20_000);
      await console.shed('20%', '10m');
      const share = async () => Number(await console.figure('delivered')) / Number(await console.figure('requested'));
      await eventually('most of it is given', async () => (await share()) > 0.8, { withinS: 500 });
      const busy = await frameTimes(console.page, 20_000);
      const picture = async (name: string) => {
        // What the mouse points at would tell about itself.
        await console.page.mouse.move(DESKTOP.width / 2, 10);
        // Before it is committed, a palette of 256 colours makes it a third as large.
        writeFileSync(join(IMAGES, `${name}.png`), await console.page.screenshot());
      };
      await picture('console-dark');
      await console.page.emulateMedia({ colorScheme: 'light' });
      await console.site('Aalborg').focus();
      await console.page.keyboard.press('Enter');
      await console.page.getByRole('table', { name: 'Resources' }).waitFor();
      await picture('console-light');
      await console.page.emulateMedia({ colorScheme: 'dark' });
      await console.page.setViewportSize(PHONE);
      await console.go('Fleet');
      await picture('console-phone');
      await console.page.setViewportSize(DESKTOP);
      await console.cancelNewest();
      process.stdout.write(`frames: ${JSON.stringify({ quiet, busy })}\n`);
    } finally {
      await browser.close();
    }
  },
  1_200_000,
);
