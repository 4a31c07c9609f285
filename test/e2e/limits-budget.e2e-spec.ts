import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const NOON = Date.UTC(2026, 10, 30, 12);
const HOUR = 3_600_000;

/** A token of output costs one dollar, what is read nothing. */
const models = [
  {
    id: 'gpt-only',
    targets: [{ backend: 'openai', model: 'gpt', price: { input: 0, output: 1_000_000 } }],
  },
];

describe('budgetUsd', () => {
  let folder: string;
  let gateway: Gateway;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: NOON });
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
  });
  afterEach(async () => {
    await gateway.close();
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  const alice = accessKey('alice', { limits: { budgetUsd: { perDay: 5, perMonth: 8 } } });
  const bob = accessKey('bob');

  async function start(): Promise<void> {
    gateway = await Gateway.start({
      models,
      access: { mode: 'keys', keys: [alice.entry, bob.entry] },
      usage: { file: join(folder, 'usage.db') },
    });
    // 3 dollars.
    gateway.openai.script(openAi.streamsText(['Hi']));
  }

  async function spend(key = alice): Promise<number> {
    const response = await gateway.complete({ max_tokens: 1 }, key.headers);
    await response.text();
    return response.status;
  }

  it('lets a stream that spends the rest of it end well, and refuses the next one', async () => {
    await start();
    expect(await spend()).toBe(200);
    const step = openAi.stepper({ usage: 'none' });
    gateway.openai.script(step.script, openAi.streamsText(['Hi']));
    const answer = gateway.get('/chat/gpt-only?message=Hi', alice.headers);
    for (let token = 0; token < 9; token += 1) await step.next(`${token} `);
    await step.finish();
    const events = await chatEvents(await answer);
    expect(events.at(-1)).toMatchObject({ type: 'done', data: { costUsd: 9 } });

    const refused = await gateway.complete({}, alice.headers);
    expect(refused.status).toBe(429);
    const { error } = (await refused.json()) as { error: Record<string, unknown> };
    expect([error['type'], error['code'], error['message']]).toEqual([
      'insufficient_quota',
      'insufficient_quota',
      'The budget per day for this caller is spent. It begins anew at 2026-12-01T00:00:00.000Z.',
    ]);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.headers.get('retry-after')).toBe(String(12 * 3600));
    expect(gateway.openai.requests).toHaveLength(2);
    expect(await spend(bob)).toBe(200);
  });

  it('says it on /chat with a status and a code of its own', async () => {
    await start();
    await spend();
    await spend();
    const refused = await gateway.get('/chat/gpt-only?message=Hi', alice.headers);
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { error: { code: 'insufficient_quota' } },
    ]);
  });

  it('begins anew with the day, and with the month, in UTC', async () => {
    vi.setSystemTime(NOON - 24 * HOUR);
    await start();
    expect([await spend(), await spend(), await spend()]).toEqual([200, 200, 429]);
    vi.setSystemTime(NOON - 12 * HOUR);
    expect([await spend(), await spend()]).toEqual([200, 429]);
    vi.setSystemTime(NOON + 12 * HOUR);
    expect([await spend(), await spend(), await spend()]).toEqual([200, 200, 429]);
  });

  it('survives a restart through the ledger', async () => {
    await start();
    await spend();
    await spend();
    await gateway.close();
    vi.setSystemTime(NOON + 1000);
    await start();
    expect([await spend(), await spend(bob)]).toEqual([429, 200]);
  });

  it('counts what runs as what it may cost, so that a crowd does not spend it many times over', async () => {
    await start();
    const crowd = Array.from({ length: 20 }, async () => {
      const response = await gateway.complete({ max_tokens: 1 }, alice.headers);
      await response.text();
      return response.status;
    });
    const statuses = await Promise.all(crowd);
    const served = statuses.filter((status) => status === 200).length;
    // Each may cost 1 dollar, and costs 3 once it has ended.
    expect(served).toBeGreaterThanOrEqual(2);
    expect(served).toBeLessThanOrEqual(5);
  });
});
