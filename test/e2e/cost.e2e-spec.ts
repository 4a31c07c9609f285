import { afterEach, describe, expect, it } from 'vitest';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { MetricLines } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';

/** 9 tokens of input and 3 of output, as the scripts report them. */
const REPORTED_USD = (9 * 2 + 3 * 10) / 1e6;

const PRICED = {
  backend: 'openai',
  model: 'gpt',
  price: { input: 2, cachedInput: 0.5, output: 10 },
};
const CHEAP = { backend: 'ollama', model: 'llama3', price: { input: 0.2, output: 1 } };

let gateway: Gateway;
afterEach(() => gateway.close());

async function start(...targets: object[]): Promise<void> {
  gateway = await Gateway.start({
    models: [{ id: 'm', recovery: 'always', targets }],
    browsers: { origins: ['https://app.example.com'] },
  });
}

/** By how much the cost of each backend grew while `act` ran. */
async function costs(act: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await costsSoFar();
  await act();
  const after = await costsSoFar();
  const grown = [...after].map(([backend, usd]) => [backend, usd - (before.get(backend) ?? 0)]);
  return Object.fromEntries(grown.filter(([, by]) => by !== 0)) as Record<string, number>;
}

async function costsSoFar(): Promise<Map<string, number>> {
  const { lines } = await MetricLines.read(gateway, /^llm_cost_usd_total/);
  return new Map(lines.map(({ labels, value }) => [labels['backend']!, value]));
}

describe('What a generation cost', () => {
  it('is in the log, in done and in the metrics of a stream', async () => {
    await start(PRICED);
    gateway.openai.script(openAi.streamsText(['a', 'b', 'c']));
    let done: unknown;
    const grown = await costs(async () => {
      done = (await chatEvents(await gateway.get('/chat/m?message=Hi'))).at(-1)!.data;
    });
    expect(done).toMatchObject({ costUsd: REPORTED_USD, usage: { input: 9, output: 3 } });
    expect(await gateway.ended()).toMatchObject({ costUsd: REPORTED_USD });
    expect(grown['openai']).toBeCloseTo(REPORTED_USD, 12);
  });

  it('is in a header of a plain answer, which pages of other origins may read', async () => {
    await start(PRICED);
    gateway.openai.script(openAi.answersText('Hello'));
    const page = { origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' };
    const headers = { ...page, 'sec-fetch-mode': 'cors' };
    const response = await gateway.complete({ model: 'm', stream: false }, headers);
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.000048');
    expect(response.headers.get('access-control-expose-headers')).toContain('x-sluice-cost-usd');
    await response.text();
  });

  it('is written without an exponent in the header, however little it is', async () => {
    await start({ ...PRICED, price: { input: 0.001, output: 0.001 } });
    gateway.openai.script(openAi.answersText('Hello'));
    const response = await gateway.complete({ model: 'm', stream: false });
    expect(response.headers.get('x-sluice-cost-usd')).toBe('0.000000012');
    await response.text();
  });

  it('is nowhere without a price', async () => {
    await start({ backend: 'openai', model: 'gpt' });
    gateway.openai.script(openAi.streamsText(['a']), openAi.answersText('Hello'));
    const grown = await costs(async () => {
      const done = (await chatEvents(await gateway.get('/chat/m?message=Hi'))).at(-1)!;
      expect(done.data).not.toHaveProperty('costUsd');
      const plain = await gateway.complete({ model: 'm', stream: false });
      expect(plain.headers.has('x-sluice-cost-usd')).toBe(false);
      await plain.text();
    });
    expect(grown).toEqual({});
    expect(await gateway.ended()).not.toHaveProperty('costUsd');
  });

  it('has cached input at its own price, and counts it and what was thought', async () => {
    await start(PRICED);
    const counts = {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { cached_tokens: 80 },
      completion_tokens_details: { reasoning_tokens: 30 },
    };
    gateway.openai.script(openAi.streamsText(['a'], { counts }));
    const labels = { caller: 'anonymous', model: 'm', backend: 'openai' };
    const metrics = ['llm_cached_input_tokens_total', 'llm_reasoning_tokens_total'];
    const read = () => Promise.all(metrics.map((name) => gateway.metric(name, labels)));
    const before = await read();
    await (await gateway.complete({ model: 'm' })).text();
    expect((await read()).map((value, n) => value - before[n]!)).toEqual([80, 30]);
    expect(await gateway.ended()).toMatchObject({
      costUsd: (20 * 2 + 80 * 0.5 + 50 * 10) / 1e6,
      cachedInputTokens: 80,
      reasoningTokens: 30,
    });
  });

  it('has what was written to a cache at its own price', async () => {
    await start({ ...PRICED, price: { input: 2, cacheWrite: 2.5, output: 10 } });
    const counts = {
      prompt_tokens: 100,
      completion_tokens: 0,
      prompt_tokens_details: { cache_write_tokens: 80 },
    };
    gateway.openai.script(openAi.streamsText(['a'], { counts }));
    await (await gateway.complete({ model: 'm' })).text();
    expect(await gateway.ended()).toMatchObject({ costUsd: (20 * 2 + 80 * 2.5) / 1e6 });
  });

  it('has an attempt that broke off, at the price of its own target', async () => {
    await start(PRICED, CHEAP);
    gateway.openai.script(openAi.streamsTextThenCuts(['a', 'b']));
    gateway.ollama.script(ollama.streamsText(['a', 'b', 'c']));
    let done: unknown;
    const grown = await costs(async () => {
      done = (await chatEvents(await gateway.get('/chat/m?message=Hi'))).at(-1)!.data;
    });
    // The prompt is that of the attempt that reported one, the output what came of it in parts.
    const broken = (9 * 2 + 2 * 10) / 1e6;
    const whole = (9 * 0.2 + 3 * 1) / 1e6;
    expect(grown['openai']).toBeCloseTo(broken, 12);
    expect(grown['ollama']).toBeCloseTo(whole, 12);
    expect(done).toMatchObject({ recovered: true, usage: { input: 18, output: 5 } });
    expect((done as { costUsd: number }).costUsd).toBeCloseTo(broken + whole, 12);
  });

  it('has nothing of an attempt that failed before it said anything', async () => {
    await start(PRICED, CHEAP);
    gateway.openai.script(openAi.resetsAfter([]));
    gateway.ollama.script(ollama.streamsText(['a']));
    const grown = await costs(async () => (await gateway.complete({ model: 'm' })).text());
    expect(Object.keys(grown)).toEqual(['ollama']);
  });

  it('has the pieces that a caller was given before it left, and makes up no input', async () => {
    await start(PRICED);
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const responding = gateway.complete({ model: 'm' });
    await step.next('a');
    const reader = new SseReader(await responding);
    await step.next('b');
    while (!reader.raw.includes('"b"')) await reader.next();
    await reader.leave();
    expect(await gateway.ended()).toMatchObject({
      endReason: 'client_closed',
      costUsd: (2 * 10) / 1e6,
    });
  });
});
