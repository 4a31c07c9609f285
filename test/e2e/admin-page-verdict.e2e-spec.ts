import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WaitedFor } from '../../src/contract/waits.js';
import { Chromium } from '../support/chromium.js';
import { Gateway } from '../support/gateway.js';
import { isMissing } from '../support/system-parts.js';

/** So many streams that wait for one party for so long. */
type Crowd = readonly [count: number, on: WaitedFor, ms: number];

function snapshotOf(crowds: readonly Crowd[], inUse: number, queued = 0): object {
  const streams = crowds.flatMap(([count, on, ms], crowd) =>
    Array.from({ length: count }, (_, n) => ({
      streamId: `${crowd}-${n}`,
      requestId: 'r',
      state: 'open',
      startedAt: '2026-11-27T03:00:00.000Z',
      caller: `team-${on}`,
      address: '127.0.0.1',
      dialect: 'chat',
      model: 'gpt',
      asking: `backend-${n % 4}/gpt`,
      streaming: true,
      durationMs: 60_000,
      contentParts: 3,
      contentChars: 9,
      attempts: [],
      waitedMs: { [on]: 60_000 },
      waitingFor: { on, atMs: 60_000 - ms, ms },
    })),
  );
  return {
    at: '2026-11-27T03:00:00.000Z',
    process: {
      slots: { inUse, limit: 100 },
      queue: { length: queued, limit: 50 },
      isDraining: false,
    },
    streams,
    targets: [],
  };
}

describe.skipIf(isMissing('chromium'))('The sentence of the page at /admin', () => {
  let chromium: Chromium;
  let gateway: Gateway;
  beforeAll(async () => {
    [chromium, gateway] = await Promise.all([Chromium.launch(), Gateway.start()]);
  });
  afterAll(async () => {
    await chromium.close();
    await gateway.close();
  });

  /** What the page says of a snapshot that Sluice might send. */
  async function verdictOn(snapshot: object): Promise<string> {
    const { page } = await chromium.open(`${gateway.url}/livez`);
    await page.route('**/admin/events', (route) =>
      route.fulfill({
        contentType: 'text/event-stream',
        body: `: hello\r\n\r\nevent: snapshot\r\ndata: ${JSON.stringify(snapshot)}\r\n\r\n`,
      }),
    );
    await page.goto(`${gateway.url}/admin`);
    const verdict = page.locator('p.verdict').first();
    await expect.poll(() => verdict.innerText(), { timeout: 10_000 }).not.toBe('–');
    const text = await verdict.innerText();
    await page.close();
    return text.replace(/\s+/g, ' ').trim();
  }

  it.each<[what: string, crowds: readonly Crowd[], inUse: number, queued: number, says: string]>([
    ['nobody', [], 0, 0, 'No stream is open.'],
    [
      'nobody for long',
      [[3, 'upstream', 40]],
      3,
      0,
      'All streams flow. 3 streams are open; none waits for longer than 2 s.',
    ],
    [
      'an upstream',
      [
        [1, 'upstream', 12_300],
        [1, 'caller', 20],
      ],
      2,
      0,
      'Upstreams are slow. 2 streams are open; 1 waits for longer than 2 s: 1 for more from an upstream (backend-0/gpt). The longest wait is 12.3 s.',
    ],
    [
      'many upstreams',
      [[8, 'first_content', 75_000]],
      8,
      0,
      'Upstreams are slow. 8 streams are open; 8 wait for longer than 2 s: 8 for first content of an upstream (backend-0/gpt, backend-1/gpt and 2 more). The longest wait is 1 min 15 s.',
    ],
    [
      'callers',
      [[2, 'caller', 3000]],
      2,
      0,
      'Callers are slow. 2 streams are open; 2 wait for longer than 2 s: 2 for a caller that does not read (team-caller). The longest wait is 3.0 s.',
    ],
    [
      'room, in Sluice',
      [
        [5, 'queue', 9000],
        [5, 'upstream', 30],
      ],
      5,
      5,
      'Sluice is full. 10 streams are open; 5 wait for longer than 2 s: 5 for room in Sluice. The longest wait is 9.0 s.',
    ],
    [
      'several at the same time',
      [
        [3, 'queue', 9000],
        [3, 'caller', 5000],
        [1, 'connect', 2500],
      ],
      4,
      3,
      'Callers are slow, and Sluice is full. 7 streams are open; 7 wait for longer than 2 s: 3 for room in Sluice, 3 for a caller that does not read (team-caller), 1 for a connection to an upstream (backend-0/gpt). The longest wait is 9.0 s.',
    ],
    [
      'one of many',
      [
        [1, 'upstream', 4000],
        [9, 'upstream', 20],
      ],
      10,
      0,
      'Most streams flow. 10 streams are open; 1 waits for longer than 2 s: 1 for more from an upstream (backend-0/gpt). The longest wait is 4.0 s.',
    ],
    [
      'those of whom not all are told',
      [[100, 'upstream', 20]],
      140,
      2,
      'All streams flow. 142 streams are open; none waits for longer than 2 s.',
    ],
    [
      'very many',
      [[100, 'caller', 5000]],
      300,
      0,
      'Callers are slow. 300 streams are open; 100 or more wait for longer than 2 s: 100 for a caller that does not read (team-caller). The longest wait is 5.0 s.',
    ],
  ])('says who is waited for: %s', async (_, crowds, inUse, queued, says) => {
    expect(await verdictOn(snapshotOf(crowds, inUse, queued))).toBe(says);
  });
});
