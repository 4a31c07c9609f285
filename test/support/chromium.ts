import { type Browser, chromium, type Page } from 'playwright-core';
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

/** Debian's Chromium, headless, with a profile of its own that is thrown away. */
export class Chromium {
  private constructor(private readonly browser: Browser) {}

  static async launch(): Promise<Chromium> {
    const { path: executablePath } = systemPart('chromium');
    return new Chromium(await chromium.launch({ executablePath, args: ARGS }));
  }

  /** A tab that shows a URL; what it says to its console is kept in `said`. */
  async open(url: string): Promise<{ readonly page: Page; readonly said: readonly string[] }> {
    const page = await this.browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
    await page.goto(url);
    return { page, said };
  }

  close(): Promise<void> {
    return this.browser.close();
  }
}
