import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chromium } from '../support/chromium.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { isMissing } from '../support/system-parts.js';

/** From the built service: the swagger plugin works at compile time, and not under vitest. */
describe.skipIf(isMissing('chromium'))('Swagger UI in Chromium', () => {
  let chromium: Chromium;
  let sluice: SluiceProcess;
  beforeAll(async () => {
    sluice = SluiceProcess.spawn({ PORT: '0' }, ['config/sandbox.yaml']);
    chromium = await Chromium.launch();
  });
  afterAll(async () => {
    await chromium.close();
    await sluice.kill();
  });

  it('shows the routes and tries one, within its content security policy', async () => {
    const { page, said } = await chromium.open(`${await sluice.listening()}/docs`);
    const route = page.locator('#operations-chat-chatAsk');
    await route.locator('.opblock-summary-control').click();
    await route.locator('.try-out__btn').click();
    await route.locator('tr[data-param-name="message"] input').fill('Hi');
    await route.locator('.execute').click();
    const answer = route.locator('.live-responses-table');
    await expect.poll(() => answer.innerText(), { timeout: 10_000 }).toContain('event: done');
    // What the policy forbids is said there.
    expect(said).toEqual([]);
  });

  it('is sent with the headers that a page needs', async () => {
    for (const path of ['/docs', '/docs/swagger-ui-init.js']) {
      const { headers } = await fetch((await sluice.listening()) + path);
      expect(headers.get('content-security-policy')).toMatch(
        /default-src 'none';script-src 'self';.*frame-ancestors 'none'/,
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.has('strict-transport-security')).toBe(false);
    }
    const { headers } = await fetch(`${await sluice.listening()}/v1/models`);
    expect(headers.has('referrer-policy')).toBe(false);
  });
});
