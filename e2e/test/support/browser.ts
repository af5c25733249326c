import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where a Chromium is; undefined where there is none. */
export function chromiumPath(): string | undefined {
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim();
    } catch {
      // The next one, then.
    }
  }
  return undefined;
}

export function launchChromium(executablePath: string): Promise<Browser> {
  // Root has no sandbox, and a container little shared memory.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'] });
}

/** axe-core, which finds what people cannot use who do not see, or have no mouse. */
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A window of its own, with axe in each page: put in from outside, as the page's own policy lets no script in. */
export async function openWindow(browser: Browser, options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  await context.addInitScript({ content: AXE });
  context.setDefaultTimeout(60_000);
  return context;
}

/** What axe finds in the page: each rule that is broken, and where. */
export function accessibilityFindings(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    interface Found {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary?: string }[];
    }
    const axe = (globalThis as unknown as { axe: { run(): Promise<{ violations: readonly Found[] }> } }).axe;
    const { violations } = await axe.run();
    return violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary}`),
    );
  });
}

/** What a page did that it must not do: asked another host, broke its own policy, threw. */
export function watchManners(page: Page, origin: string): readonly string[] {
  const faults: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) faults.push(`asked for ${request.url()}`);
  });
  page.on('pageerror', (error) => faults.push(`threw ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    // The browser tells of each login and form that is refused.
    if (message.type() === 'error' && !/status of 40[01]/.test(message.text())) faults.push(`said ${message.text()}`);
  });
  return faults;
}

/** How long frames took, in ms. */
export interface FrameTimes {
  readonly frames: number;
  readonly median: number;
  readonly p95: number;
  readonly longest: number;
  /** Tasks of 50 ms and more, which a person can feel. */
  readonly longTasks: number;
}

/** Watches a page draw for a while. */
export function frameTimes(page: Page, forMs: number): Promise<FrameTimes> {
  return page.evaluate(async (duration) => {
    let longTasks = 0;
    const observer = new PerformanceObserver((list) => {
      longTasks += list.getEntries().length;
    });
    // Node's types do not know what browsers watch.
    observer.observe({ type: 'longtask' as 'measure' });
    const times = await new Promise<number[]>((done) => {
      const all: number[] = [];
      const begin = performance.now();
      let last = begin;
      const next = () => {
        const now = performance.now();
        all.push(now - last);
        last = now;
        if (now - begin < duration) requestNext(next);
        else done(all);
      };
      const requestNext = (globalThis as unknown as { requestAnimationFrame(callback: () => void): void }).requestAnimationFrame;
      requestNext(next);
    });
    observer.disconnect();
    times.sort((a, b) => a - b);
    const at = (part: number) => Number((times[Math.floor(part * (times.length - 1))] ?? 0).toFixed(1));
    return { frames: times.length, median: at(0.5), p95: at(0.95), longest: at(1), longTasks };
  }, forMs);
}
