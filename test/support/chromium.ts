import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { systemPart } from './system-parts.js';

/** Without a network of its own: it would ask for updates and for hosts of Google's. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Debian's Chromium, headless, with a profile of its own that is thrown away. Its tabs share
 * connections, as those of a person do; whatever certificate is there will do.
 */
export class Chromium {
  private constructor(private readonly context: BrowserContext) {}

  static async launch(): Promise<Chromium> {
    const { path: executablePath } = systemPart('chromium');
    const browser = await chromium.launch({ executablePath, args: ARGS });
    return new Chromium(await browser.newContext({ ignoreHTTPSErrors: true }));
  }

  /** A tab that shows a URL; what it says to its console is kept in `said`. */
  async open(url: string): Promise<{ readonly page: Page; readonly said: readonly string[] }> {
    const page = await this.context.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    await page.goto(url);
    return { page, said };
  }

  async close(): Promise<void> {
    await this.context.browser()?.close();
  }
}
