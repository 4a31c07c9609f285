import { register } from 'prom-client';
import { afterEach, describe, expect, it } from 'vitest';
import { chatEvents } from '../support/chat-events.js';
import { readCompletion } from '../support/chat-completions.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SseReader } from '../support/sse-reader.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const messages = [{ role: 'user', content: 'Hi' }];
const kinds = [
  ['openai', 'gpt-only', openAi],
  ['ollama', 'llama3', ollama],
] as const;

describe('A drain', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  /** Sends SIGTERM, as it were, and comes back when nobody is let in any more. */
  async function drain(): Promise<void> {
    void gateway.shutDown();
    await expect.poll(async () => (await gateway.get('/readyz')).status).toBe(503);
  }

  it('still serves for delayMs, while it is not ready any more', async () => {
    gateway = await Gateway.start({ drain: { delayMs: 600, forMs: 10_000 } });
    const step = ollama.stepper();
    gateway.openai.script(openAi.streamsText(['Hi']));
    gateway.ollama.script(step.script);
    const responding = gateway.complete({ model: 'llama3' });
    await step.next('still here');
    await drain();
    expect((await gateway.get('/livez')).status).toBe(200);
    const { text, done } = await readCompletion(await gateway.complete());
    expect([text, done]).toEqual(['Hi', true]);
    await expect.poll(async () => (await gateway.complete()).status, { timeout: 3000 }).toBe(503);
    await step.finish();
    expect((await readCompletion(await responding)).done).toBe(true);
  });

  it.each([
    ['GET', '/livez', undefined],
    ['GET', '/nowhere', undefined],
    ['GET', '/chat/gpt-only?message=Hi', undefined],
    ['POST', '/chat/gpt-only', { messages }],
    ['POST', '/v1/chat/completions', { model: 'gpt-only', stream: true, messages }],
    ['POST', '/v1/chat/completions', { model: 'gpt-only', stream: false, messages }],
    ['POST', '/v1/messages', { model: 'gpt-only', max_tokens: 9, stream: true, messages }],
  ])('closes the connection of %s %s behind its answer meanwhile', async (method, path, body) => {
    gateway = await Gateway.start({ drain: { delayMs: 500, forMs: 10_000 } });
    const isPlain = body !== undefined && 'stream' in body && !body.stream;
    gateway.openai.script(isPlain ? openAi.answersText('Hi') : openAi.streamsText(['Hi']));
    const before = await gateway.get('/livez');
    expect(before.headers.get('connection')).toBe('keep-alive');
    await drain();
    const answer = method === 'GET' ? await gateway.get(path) : await gateway.post(path, body!);
    expect(answer.headers.get('connection')).toBe('close');
    await answer.text();
  });

  it.each([
    ['/v1/chat/completions', { model: 'gpt-only', stream: true, messages }],
    ['/v1/chat/completions', { model: 'gpt-only', stream: false, messages }],
    ['/chat/gpt-only', { messages }],
  ])('refuses new requests to %s (%j) while a stream runs to its end', async (path, body) => {
    gateway = await Gateway.start();
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const responding = gateway.complete();
    await step.next('one');
    const running = new SseReader(await responding);
    await running.nextEvent();
    await drain();

    const refused = await gateway.post(path, body);
    const { headers } = refused;
    expect(await errorOf(refused)).toMatchObject({ status: 503, code: 'draining' });
    expect(headers.get('connection')).toBe('close');
    expect(headers.get('retry-after')).toBe('1');
    expect(Number(headers.get('retry-after-ms'))).toBeLessThanOrEqual(500);
    expect((await gateway.get('/livez')).status).toBe(200);

    await step.next('two');
    await step.finish();
    await running.all();
    expect(running.raw).toContain('[DONE]');
    expect(running.ended).toBe('clean');
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
    await within(gateway.shutDown(), 'the drain is over');
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it.each(kinds)('tells a running Chat Completion of %s when forMs is over', async (id, model) => {
    gateway = await Gateway.start({ drain: { delayMs: 0, forMs: 300 } });
    gateway[id].script((id === 'openai' ? openAi : ollama).stallsAfter(['Hel', 'lo']));
    const responding = gateway.complete({ model });
    const reader = new SseReader(await responding);
    await reader.nextEvent();
    void gateway.shutDown();
    const rest = await within(reader.all(), 'the stream ends');
    expect(JSON.parse(rest.at(-1)!.data!)).toMatchObject({
      error: { code: 'draining', message: expect.stringContaining('shutting down') as string },
    });
    expect(reader.ended).toBe('cut');
    await within(gateway[id].left(0), 'the upstream is left');
    expect(await gateway.ended()).toMatchObject({
      endReason: 'drained',
      fault: 'draining',
      attempts: [{ outcome: 'cancelled' }],
    });
    await within(gateway.shutDown(), 'the drain is over');
  });

  it.each(kinds)('tells a running chat of %s when forMs is over', async (id, model, scripts) => {
    gateway = await Gateway.start({ drain: { delayMs: 0, forMs: 300 } });
    gateway[id].script(scripts.stallsAfter(['Hel', 'lo']));
    const responding = gateway.get(`/chat/${model}?message=Hi`);
    const reading = responding.then(chatEvents);
    await gateway[id].request(0);
    void gateway.shutDown();
    const events = await within(reading, 'the stream ends');
    expect(events.at(-1)).toMatchObject({
      type: 'failed',
      data: { code: 'draining', retryable: true },
    });
    expect(await gateway.ended()).toMatchObject({ endReason: 'drained', fault: 'draining' });
    await within(gateway[id].left(0), 'the upstream is left');
  });

  it.each([true, false])('answers 503 where nothing was committed (stream: %s)', async (stream) => {
    gateway = await Gateway.start({ drain: { delayMs: 0, forMs: 300 } });
    gateway.openai.script(stallsBeforeHeaders());
    const responding = gateway.complete({ stream });
    await gateway.openai.request(0);
    void gateway.shutDown();
    const response = await within(responding, 'the answer');
    expect(response.headers.get('connection')).toBe('close');
    expect(response.headers.get('retry-after-ms')).toBe('250');
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'draining' });
    expect(await gateway.ended()).toMatchObject({ endReason: 'drained', fault: 'draining' });
    await within(gateway.openai.left(0), 'the upstream is left');
  });

  it('gives a slow reader what was written for it, although its stream has ended', async () => {
    gateway = await Gateway.start();
    const answer = 'x'.repeat(12 * 1024 * 1024);
    gateway.openai.script(openAi.answersText(answer));
    const caller = await SlowCaller.connect(gateway.url);
    const response = caller.send({
      path: '/v1/chat/completions',
      body: { model: 'gpt-only', messages },
    });
    await gateway.ended();
    const down = gateway.shutDown();
    await response.head();
    // Longer than last words may take.
    const until = performance.now() + 6000;
    while (performance.now() < until) {
      await response.read(64 * 1024);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await response.rest()).toContain(answer);
    expect(response.cleanEnd).toBe(true);
    await within(down, 'the drain is over');
  });

  it('leaves a connection alone whose second, pipelined stream still runs', async () => {
    gateway = await Gateway.start();
    const [one, two] = [openAi.stepper(), openAi.stepper()];
    gateway.openai.script(one.script, two.script);
    const caller = await SlowCaller.connect(gateway.url);
    const body = { model: 'gpt-only', stream: true, messages };
    const [first, second] = [0, 1].map(() => caller.send({ path: '/v1/chat/completions', body }));
    await one.next('one');
    await two.next('two');
    await one.finish();
    expect(await first!.rest()).toContain('[DONE]');
    const idle = await SlowCaller.connect(gateway.url);
    await idle.send({ path: '/livez' }).rest();
    await drain();
    // Those between two requests have been looked for by then.
    await idle.closed;
    await two.next('!');
    await two.finish();
    expect(await second!.rest()).toContain('[DONE]');
    caller.leave();
  });

  it('counts a stream that it cut as drained, once', async () => {
    gateway = await Gateway.start({ drain: { delayMs: 0, forMs: 100 } });
    const before = await drainedStreams();
    gateway.openai.script(openAi.stallsAfter(['Hi']));
    const running = new SseReader(await gateway.complete());
    void gateway.shutDown();
    await within(running.all(), 'the stream ends');
    expect(await drainedStreams()).toBe(before + 1);
  });
});

/** From the registry: by then nobody serves /metrics. */
async function drainedStreams(): Promise<number> {
  const { values } = await register.getSingleMetric('llm_streams_total')!.get();
  return values
    .filter(({ labels }) => labels['end_reason'] === 'drained')
    .reduce((sum, { value }) => sum + value, 0);
}
