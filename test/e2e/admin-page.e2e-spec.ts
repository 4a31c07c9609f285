import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import { accessKey } from '../support/access-key.js';
import { Chromium } from '../support/chromium.js';
import { freePort } from '../support/free-port.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { isMissing } from '../support/system-parts.js';
import { failsWith } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const HTML = '<img src=x onerror=document.title="run">';

/** A snapshot comes once a second, and the machine may be busy. */
const PATIENT = { timeout: 10_000 };

const teamA = accessKey('team-a');
const operator = accessKey('operator', { admin: true });
const KEYS = { access: { mode: 'keys', keys: [teamA.entry, operator.entry] } };

/** What Chromium says of an answer that is not fine; the page says so itself. */
const REFUSED = /^Failed to load resource: the server responded with a status of 40[13]/;

describe.skipIf(isMissing('chromium'))('The page at /admin, in Chromium,', () => {
  let chromium: Chromium;
  let gateway: Gateway;
  let page: Page;
  let said: readonly string[];
  beforeAll(async () => {
    chromium = await Chromium.launch();
  });
  afterAll(() => chromium.close());
  afterEach(async () => {
    await page.close();
    await gateway.close();
    // What its policy forbids is said there, and whatever is thrown.
    expect(said.filter((line) => !REFUSED.test(line))).toEqual([]);
  });

  async function open(settings: GatewaySettings = {}): Promise<void> {
    gateway = await Gateway.start(settings);
    ({ page, said } = await chromium.open(`${gateway.url}/admin`));
  }

  /** A stream that has its first token, and waits for the next. */
  async function openStream(fields = {}, headers = {}): Promise<SseReader> {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete(fields, headers);
    await step.next('one');
    const reader = new SseReader(await response);
    await reader.next();
    return reader;
  }

  async function expectShown(selector: string, text: string | RegExp): Promise<void> {
    await page.locator(selector).filter({ hasText: text }).first().waitFor(PATIENT);
  }

  async function enterKey(key: string): Promise<void> {
    await page.fill('#key', key);
    await page.press('#key', 'Enter');
  }

  it('is live, and says that nothing is open', async () => {
    await open();
    await expectShown('#connection', 'Live');
    await expectShown('#headline', 'No stream is open.');
    await expectShown('#slots', '0 of 500');
    await expectShown('#targets tr', 'openai/gpt-4o-2024');
    await expectShown('#no-streams', 'There is no such stream.');
  });

  it('shows a stream that waits for its upstream', async () => {
    await open();
    const reader = await openStream();
    await expectShown('.stream', /gpt-only ← openai\/gpt-4o-2024/);
    await expectShown('.stream', /waits for upstream, \d/);
    await expectShown('#parties li', /upstream\s*1, longest/);
    await gateway.openai.close();
    await reader.all();
    await expectShown('.stream', '✗ upstream_cut');
  });

  it('shows a stream that waits for its caller', async () => {
    await open();
    gateway.openai.script(openAi.streamsForever('x'.repeat(4000)));
    const caller = await SlowCaller.connect(gateway.url);
    await caller.send({ path: '/chat/gpt-only?message=Hi' }).read(1000);
    await expectShown('.stream', /waits for caller, \d/);
    await expectShown('#headline', 'Callers are slow.');
    await expectShown('#verdict', '1 for a caller that does not read (anonymous)');
    caller.leave();
    await expectShown('.stream', '– client_closed');
  });

  it('names who is asked, before anybody has answered', async () => {
    await open();
    gateway.openai.script(openAi.stepper().script);
    const response = gateway.complete();
    await expectShown('.stream', /← openai\/gpt-4o-2024/);
    await expectShown('#headline', 'Upstreams are slow.');
    await expectShown('#verdict', '1 for first content of an upstream (openai/gpt-4o-2024)');
    await gateway.openai.close();
    await (await response).text();
  });

  it('shows a breaker that is open, and closes it', async () => {
    await open({ breaker: { failures: 2, cooldownMs: 60_000 } });
    gateway.openai.script(failsWith(500, {}));
    for (let n = 0; n < 2; n += 1) await (await gateway.complete()).text();
    await expectShown('#targets tr', /openai\/gpt-4o-2024.*open, asked again in/);
    await expectShown('#targets tr', /upstream_unavailable, \d+\ss ago/);
    await page.getByRole('button', { name: 'Close breaker: openai/gpt-4o-2024' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Close breaker: openai/gpt-4o-2024' }).click();
    await page.getByRole('button', { name: 'Ask it again' }).click();
    await expectShown('#notice', 'openai/gpt-4o-2024 is asked as usual again.');
    await expectShown('#targets .breaker-closed', 'closed');
    await page.locator('#targets .breaker-open').waitFor({ state: 'detached' });
  });

  it('opens a stream by the keyboard, and ends it', async () => {
    await open();
    const reader = await openStream();
    await page.locator('.open-details').focus();
    await page.keyboard.press('Enter');
    await expectShown('#facts', /Caller\s*anonymous/);
    await expectShown('#waits', 'upstream');
    expect(await page.locator('#timeline rect').count()).toBeGreaterThan(0);
    await page.getByRole('button', { name: 'End this stream' }).click();
    // What is chosen at first does nothing.
    await page.keyboard.press('Enter');
    expect(await page.locator('#confirm').isVisible()).toBe(false);
    await page.getByRole('button', { name: 'End this stream' }).click();
    const ended = reader.all();
    await page.getByRole('button', { name: 'End it' }).click();
    await expectShown('#notice', '1 stream ended.');
    await expectShown('#facts', '– operator_closed');
    await within(ended, 'the stream ends');
    expect(reader.raw).toContain('operator_closed');
    await page.keyboard.press('Escape');
    expect(await page.locator('#details').isVisible()).toBe(false);
  });

  it('ends all streams of a caller', async () => {
    await open(KEYS);
    await enterKey(operator.secret);
    const readers = [await openStream({}, teamA.headers), await openStream({}, teamA.headers)];
    const ended = Promise.all(readers.map((reader) => reader.all()));
    await page.locator('.open-details').nth(1).click();
    await page.getByRole('button', { name: 'End all of team-a' }).click();
    await page.getByRole('button', { name: 'End all', exact: true }).click();
    await expectShown('#notice', '2 streams ended.');
    await within(ended, 'the streams end');
    for (const reader of readers) expect(reader.raw).toContain('operator_closed');
  });

  it('finds what ended, by what it is', async () => {
    await open();
    gateway.openai.script(openAi.streamsText(['one']), failsWith(500, {}));
    await (await gateway.complete()).text();
    await (await gateway.complete({ model: 'team/gpt' })).text();
    await expect.poll(() => page.locator('.stream').count(), PATIENT).toBe(2);
    await page.selectOption('[name=endReason]', 'upstream_error');
    await expect
      .poll(() => page.locator('.stream .open-details').allTextContents(), PATIENT)
      .toEqual(['team/gpt']);
    await page.fill('[name=model]', 'gpt-only');
    await page.locator('#no-streams').waitFor();
    await page.click('[type=reset]');
    await expect.poll(() => page.locator('.stream').count(), PATIENT).toBe(2);
  });

  it('asks for a key where one is needed, and keeps it in no URL and for no other tab', async () => {
    await open(KEYS);
    await expectShown('#key-why', 'What is shown here is for operators.');
    await enterKey('sk-sluice-nobody-has-this-one');
    await expectShown('#key-why', 'key');
    await enterKey(teamA.secret);
    await expectShown('#key-why', 'This needs a key with "admin: true".');
    await enterKey(operator.secret);
    await expectShown('#connection', 'Live');
    await page.reload();
    await expectShown('#connection', 'Live');
    expect(page.url()).toBe(`${gateway.url}/admin`);
    const kept = await page.evaluate('[JSON.stringify(localStorage), document.cookie]');
    expect(kept).toEqual(['{}', '']);
    await page.getByRole('button', { name: 'Forget the key' }).click();
    await page.locator('#ask-key').waitFor();
    expect(await page.evaluate('JSON.stringify(sessionStorage)')).toBe('{}');
  });

  it('shows the words of others as text', async () => {
    await open({
      models: [{ id: HTML, targets: ['openai/gpt'] }],
      defaultModel: HTML,
    });
    gateway.openai.script(failsWith(500, {}));
    await (await gateway.complete({ model: HTML }, { 'x-request-id': 'a.b-c' })).text();
    await expectShown('.open-details', HTML);
    await page.locator('.open-details').click();
    await expectShown('#details-title', HTML);
    await expectShown('#facts', 'a.b-c');
    await page.keyboard.press('Escape');
    await page.click('#configuration summary');
    await expectShown('#config', 'onerror');
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.title()).not.toBe('run');
  });

  it('says which configuration holds, without its secrets', async () => {
    await open();
    await page.click('#configuration summary');
    await expectShown('#config', '"apiKey": "***"');
    expect(await page.locator('#config').textContent()).not.toContain('sk-upstream-secret');
  });

  it('fits a phone', async () => {
    const id = `long-${'model'.repeat(20)}`;
    await open({ models: [{ id, targets: ['openai/gpt'] }], defaultModel: id });
    await page.setViewportSize({ width: 360, height: 740 });
    await openStream({ model: id });
    await expectShown('.stream', id);
    const width = () => page.evaluate('document.documentElement.scrollWidth');
    expect(await width()).toBe(360);
    await page.click('.open-details');
    await expectShown('#waits', 'upstream');
    expect(await width()).toBe(360);
    expect(await page.evaluate('document.querySelector("#details").scrollWidth')).toBeLessThan(360);
  });
});

describe.skipIf(isMissing('chromium'))('The page at /admin, when Sluice dies,', () => {
  it('says that it is stale, and is live again when it is back', async () => {
    const env = { PORT: String(await freePort()) };
    const chromium = await Chromium.launch();
    const first = SluiceProcess.spawn(env, ['config/sandbox.yaml']);
    const { page } = await chromium.open(`${await first.listening()}/admin`);
    const connection = () => page.locator('.connection').innerText();
    await expect.poll(connection, PATIENT).toBe('Live');
    await first.kill();
    await expect.poll(connection, PATIENT).toMatch(/^Stale Sluice cannot be reached/);
    expect(await connection()).toMatch(/Shown is \d\d:\d\d:\d\d, .* ago\. Trying again in/);
    expect(await page.title()).toBe('Stale · Sluice');
    // Before it is back: then the page may be live by itself, without a button to press.
    await page.getByRole('button', { name: 'Try now' }).click();
    const second = SluiceProcess.spawn(env, ['config/sandbox.yaml']);
    await second.listening();
    await expect.poll(connection, PATIENT).toBe('Live');
    expect(await page.title()).toBe('0 open · Sluice');
    await chromium.close();
    await second.kill();
  });
});
