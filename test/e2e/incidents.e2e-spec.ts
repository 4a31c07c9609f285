import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { WAITED_FOR, type WaitedFor, type WaitSummary } from '../../src/contract/waits.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';

const CALLERS = 6;

const request = {
  path: '/v1/chat/completions',
  body: { model: 'gpt-only', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
};

/** One by one, so slowly. */
function tokensEvery(ms: number, count: number): UpstreamScript {
  return async (exchange) => {
    const step = openAi.stepper();
    await step.script(exchange);
    for (let n = 0; n < count; n += 1) {
      await pause(ms);
      await step.next('token ');
    }
    await step.finish();
  };
}

/** Whoever has the most. */
function mostOf(waited: Partial<Record<WaitedFor, number>>): WaitedFor {
  return WAITED_FOR.toSorted((one, other) => (waited[other] ?? 0) - (waited[one] ?? 0))[0]!;
}

/**
 * "It is slow", three times over. Whose fault it is has to be seen in any one of the three places
 * that an operator looks at, without the others.
 */
describe('That it is slow', () => {
  let gateway: Gateway;
  const callers: SlowCaller[] = [];
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.leave();
    await gateway.close();
  });

  /** So many callers; those that read take all that comes. */
  async function crowd(reads: boolean): Promise<Promise<unknown>> {
    const ends: Promise<unknown>[] = [];
    for (let n = 0; n < CALLERS; n += 1) {
      const caller = await SlowCaller.connect(gateway.url);
      callers.push(caller);
      const response = caller.send(request);
      ends.push(reads ? response.rest() : response.head());
    }
    return Promise.all(ends);
  }

  async function byMetrics(): Promise<WaitedFor> {
    const waiting: Partial<Record<WaitedFor, number>> = {};
    for (const on of WAITED_FOR) waiting[on] = await gateway.metric('llm_streams_waiting', { on });
    return mostOf(waiting);
  }

  async function byAdmin(): Promise<WaitedFor> {
    const response = await gateway.get('/admin/streams?state=open');
    const { streams } = (await response.json()) as { streams: JsonObject[] };
    const waiting: Partial<Record<WaitedFor, number>> = {};
    for (const { waitingFor } of streams) {
      const { on, ms } = waitingFor as { on: WaitedFor; ms: number };
      waiting[on] = (waiting[on] ?? 0) + ms;
    }
    return mostOf(waiting);
  }

  async function byLog(): Promise<WaitedFor> {
    const waited: Partial<Record<WaitedFor, number>> = {};
    for (let n = 0; n < CALLERS; n += 1) {
      const { waitedMs } = (await gateway.ended(n)) as unknown as WaitSummary;
      for (const on of WAITED_FOR) waited[on] = (waited[on] ?? 0) + (waitedMs[on] ?? 0);
    }
    return mostOf(waited);
  }

  it('is its upstream’s fault', async () => {
    gateway = await Gateway.start();
    gateway.openai.script(tokensEvery(150, 5));
    const ended = crowd(true);
    await gateway.openai.request(CALLERS - 1);
    await pause(400);
    expect([await byMetrics(), await byAdmin()]).toEqual(['upstream', 'upstream']);
    await ended;
    expect(await byLog()).toBe('upstream');
  });

  it('is its callers’ fault', async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsForever('x'.repeat(8000)));
    await crowd(false);
    await expect.poll(() => gateway.metric('llm_streams_waiting', { on: 'caller' })).toBe(CALLERS);
    await pause(1000);
    expect([await byMetrics(), await byAdmin()]).toEqual(['caller', 'caller']);
    for (const caller of callers.splice(0)) caller.leave();
    expect(await byLog()).toBe('caller');
  });

  it('is that of Sluice, which has too much to do', async () => {
    gateway = await Gateway.start({ limits: { streams: 1 } });
    gateway.openai.script(tokensEvery(30, 5));
    const ended = crowd(true);
    await expect.poll(() => gateway.metric('llm_queue_length')).toBeGreaterThan(2);
    expect([await byMetrics(), await byAdmin()]).toEqual(['queue', 'queue']);
    await ended;
    expect(await byLog()).toBe('queue');
  });
});
