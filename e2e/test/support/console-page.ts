import type { Locator, Page } from 'playwright-core';

const UNITS: Readonly<Record<string, number>> = { W: 1, kW: 1e3, MW: 1e6, GW: 1e9 };

/** The console in a browser, as a person sees and uses it. */
export class ConsolePage {
  readonly page: Page;
  readonly #url: string;

  /** @param origin of the server whose console it is */
  constructor(page: Page, origin: string) {
    this.page = page;
    this.#url = `${origin}/console/`;
  }

  async open(fragment = ''): Promise<void> {
    await this.page.goto(`${this.#url}${fragment}`);
  }

  async logIn(clientId: string, secret: string): Promise<void> {
    await this.page.getByLabel('Client id').fill(clientId);
    await this.page.getByLabel('Client secret').fill(secret);
    await this.page.getByRole('button', { name: 'Log in' }).click();
  }

  /** A page by its name in the navigation, with its figures there. */
  async go(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name, exact: true }).click();
    await this.page.getByText('Loading …').or(this.page.getByText('Counting …')).waitFor({ state: 'detached' });
  }

  /** A VEN's circle on the map. */
  site(ven: string): Locator {
    return this.page.locator('.map').getByRole('link', { name: new RegExp(`^${ven},`) });
  }

  /** One of the headline's figures, in W; undefined where it is not known or not there. */
  async figure(name: 'load' | 'baseline' | 'requested' | 'delivered'): Promise<number | undefined> {
    const place = this.page.locator(`[data-figure="${name}"]`);
    if ((await place.count()) === 0) return undefined;
    const [, sign, digits, unit] = /^(−?)([\d.,]+)\s*(\w+)$/.exec(((await place.textContent()) ?? '').trim()) ?? [];
    const factor = UNITS[unit ?? ''];
    if (digits === undefined || factor === undefined) return undefined;
    return (sign === '−' ? -1 : 1) * Number(digits.replaceAll(',', '')) * factor;
  }

  /** Makes an event by the form: all VENs shed a share of their load. */
  async shed(share: string, length: string): Promise<void> {
    await this.page.getByRole('button', { name: 'New event', exact: true }).click();
    const dialog = this.page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Share' }).fill(share);
    await dialog.getByLabel('How long').fill(length);
    await dialog.getByRole('button', { name: 'Create event' }).click();
    await dialog.waitFor({ state: 'detached' });
  }

  /** Cancels the event at the top of the fleet's page. */
  async cancelNewest(): Promise<void> {
    await this.page.locator('.event-card').getByRole('link').first().click();
    await this.page.getByRole('button', { name: 'Cancel event' }).click();
    await this.page.getByRole('dialog').getByRole('button', { name: 'Cancel event' }).click();
    await this.page.getByText('Cancelled').first().waitFor();
  }

  /** How far the page is wider than its window, in pixels. */
  overflow(): Promise<number> {
    return this.page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
  }

  /** What has the focus: its accessible name, or its text. */
  async focused(): Promise<string> {
    const focused = this.page.locator(':focus');
    return (await focused.getAttribute('aria-label')) ?? (await focused.textContent()) ?? '';
  }
}
