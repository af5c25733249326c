/**
 * The whole sample fleet as a newcomer meets it: `npm start`, the printed link opened at once, an event clicked together,
 * and its end. It takes the pictures of docs/images and tells how long each thing took; `npm run pictures` runs it, on the
 * ports of the sample fleet. Before they are committed, a palette of 256 colours makes the pictures a third as large.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { systemClock } from '@venfleet/core';
import { chromiumPath, frameTimes, launchChromium, openWindow } from '../support/browser.js';
import { ConsolePage } from '../support/console-page.js';
import { eventually } from '../support/loop.js';
import { root, run, temporaryFolder } from '../support/programs.js';

const IMAGES = join(root, 'docs/images');
const DESKTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const VENS = 158;
const LINK = /See the fleet: +(\S+)/;

/** What `npm start` runs. */
const program = join(root, 'tools/start/dist/main.js');
const folder = temporaryFolder();
const tell = (text: string) => process.stdout.write(`${text}\n`);

/** Runs `npm start` without its own demonstration. @returns the link that it prints, and what ends it */
async function startFleet(): Promise<{ readonly link: string; readonly stop: () => Promise<void> }> {
  let said = '';
  let interrupt: () => void = () => undefined;
  const ended = run(process.execPath, [program, '--no-demonstration', '--state', join(folder, 'state')], {
    onStart: (kill, stdout) => {
      interrupt = () => kill('SIGINT');
      stdout.on('data', (text) => {
        said += text;
      });
    },
  });
  const failed = ended.then(({ stdout, stderr }) => {
    throw new Error(`it ended by itself\n${stdout}\n${stderr}`);
  });
  failed.catch(() => undefined);
  await Promise.race([failed, eventually('a link is printed', () => LINK.test(said), { withinS: 300 })]);
  const [, link = ''] = LINK.exec(said) ?? [];
  const stop = async () => {
    interrupt();
    await ended;
  };
  return { link, stop };
}

/** Until something is so in the page. @returns after how many seconds it was */
async function secondsUntil(what: string, withinS: number, isSo: () => Promise<boolean>): Promise<string> {
  const begin = systemClock.monotonic();
  await eventually(what, isSo, { withinS });
  return ((systemClock.monotonic() - begin) / 1000).toFixed(1);
}

test('npm start, its link opened: the fleet alive on the map; an event by the form reduces the load, ends, and it returns', async () => {
  const chromium = chromiumPath();
  if (chromium === undefined) throw new Error('it needs chromium');
  mkdirSync(IMAGES, { recursive: true });
  const browser = await launchChromium(chromium);
  const fleet = await startFleet();
  try {
    const window = await openWindow(browser, { viewport: DESKTOP, colorScheme: 'dark' });
    const { origin, hash } = new URL(fleet.link);
    const console = new ConsolePage(await window.newPage(), origin);
    const reporting = () => console.page.locator('.site.mark--reporting').count();
    // A meter that failed its first read may hold up its VEN's first report.
    const alive = secondsUntil('nearly every VEN reports its load', 300, async () => (await reporting()) >= 0.95 * VENS);
    const complete = secondsUntil('every VEN reports its load', 300, async () => (await reporting()) === VENS);
    await console.open(hash);
    tell(`alive ${await alive} s after the link was printed: 95 % of the VENs report; all of them after ${await complete} s`);
    const quiet = await frameTimes(console.page, 20_000);

    await console.shed('20%', '10m');
    const share = async () => Number(await console.figure('delivered')) / Number(await console.figure('requested'));
    tell(
      `reduced ${await secondsUntil('most of what is asked for is given', 500, async () => (await share()) > 0.8)} s after the event`,
    );
    const busy = await frameTimes(console.page, 20_000);
    const picture = async (name: string) => {
      // What the mouse points at would tell about itself.
      await console.page.mouse.move(DESKTOP.width / 2, 10);
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

    const [baseline, reduced] = [Number(await console.figure('baseline')), Number(await console.figure('load'))];
    expect(reduced).toBeLessThan(baseline);
    await console.cancelNewest();
    await console.go('Fleet');
    const half = (baseline + reduced) / 2;
    tell(
      `restored ${await secondsUntil('the load returns', 500, async () => ((await console.figure('load')) ?? 0) > half)} s after its end`,
    );
    tell(
      `baseline ${baseline / 1e6} MW, in the event ${reduced / 1e6} MW, then ${Number(await console.figure('load')) / 1e6} MW`,
    );
    tell(`frames: ${JSON.stringify({ quiet, busy })}`);
  } finally {
    await browser.close();
    await fleet.stop();
  }
}, 1_800_000);
