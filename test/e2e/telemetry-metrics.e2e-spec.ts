import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ALL_FAULTS } from '../../src/contract/gateway-error.js';
import { METRIC_PROVIDERS } from '../../src/telemetry/metrics.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const DOCS = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

describe('/metrics', () => {
  let gateway: Gateway;
  let before: Map<string, number>;

  beforeEach(async () => {
    gateway = await Gateway.start();
    before = await series(gateway);
  });
  afterEach(() => gateway.close());

  /** What a series grew by in this test: prom-client's registry lives as long as the process. */
  async function grown(name: string, labels: Record<string, string> = {}): Promise<number> {
    const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const [key, value] of await series(gateway)) {
      if (!key.startsWith(`${name}{`) || !pairs.every((pair) => key.includes(pair))) continue;
      sum += value - (before.get(key) ?? 0);
    }
    return sum;
  }

  it('has the metrics, types and labels that docs/metrics.md says, and no others', async () => {
    gateway.openai.script(failsWith(500, openAiError('down')));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo', '!']));
    await (await gateway.complete({ model: 'gpt-4o' })).text();
    await (await gateway.complete({ model: 'unknown' })).text();
    await gateway.ended();
    const text = await (await gateway.get('/metrics')).text();
    const served = [...text.matchAll(/^# TYPE ((?:llm|sluice)_\w+) (\w+)$/gm)].map(
      ([, name, type]) => ({ name: name!, type: type!, labels: labelsOf(text, name!) }),
    );
    expect(served).toHaveLength(METRIC_PROVIDERS.length);
    expect(served).toEqual(documented());
  });

  it('says the closed sets in the docs', () => {
    for (const fault of ALL_FAULTS) expect(DOCS).toContain(`\`${fault}\``);
  });

  it('counts a stream with the tokens its upstream reported', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo', '!']));
    await (await gateway.complete()).text();
    await gateway.ended();
    const labels = { model: 'gpt-only', backend: 'openai' };
    expect(await grown('llm_streams_total', { ...labels, end_reason: 'completed' })).toBe(1);
    expect(await grown('llm_tokens_total', { ...labels, type: 'input', source: 'reported' })).toBe(
      9,
    );
    expect(await grown('llm_tokens_total', { ...labels, type: 'output', source: 'reported' })).toBe(
      3,
    );
    expect(await grown('llm_tokens_total', { source: 'counted' })).toBe(0);
    expect(await grown('llm_time_to_first_token_seconds_count', labels)).toBe(1);
    expect(await grown('llm_token_latency_seconds_count', labels)).toBe(2);
    expect(await grown('llm_stream_tokens_per_second_count', labels)).toBe(1);
    expect(await grown('llm_attempts_total', { ...labels, outcome: 'ok' })).toBe(1);
  });

  it.each([
    ['the OpenAI route', (g: Gateway) => g.complete()],
    ['the chat route', (g: Gateway) => g.get('/chat/gpt-only?message=Hi')],
  ])('counts a stream that was cut, with its chunks for tokens, on %s', async (_, ask) => {
    gateway.openai.script(openAi.streamsTextThenEnds(['Hel', 'lo']));
    await (await ask(gateway)).text().catch(() => undefined);
    await gateway.ended();
    expect(await grown('llm_streams_total', { end_reason: 'upstream_cut' })).toBe(1);
    expect(await grown('llm_tokens_total', { type: 'output', source: 'counted' })).toBe(2);
    expect(await grown('llm_attempts_total', { outcome: 'upstream_cut' })).toBe(1);
    expect(await grown('llm_token_latency_seconds_count')).toBe(1);
  });

  it('counts a fallback with where it went and why', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow down')));
    gateway.ollama.script(ollama.streamsText(['Hi']));
    await (await gateway.complete({ model: 'gpt-4o' })).text();
    await gateway.ended();
    const fallback = { model: 'gpt-4o', from: 'openai', to: 'ollama', reason: 'rate_limited' };
    expect(await grown('llm_fallbacks_total', fallback)).toBe(1);
    expect(await grown('llm_streams_total', { backend: 'ollama' })).toBe(1);
  });

  it('shows a running stream as active, and counts it when its caller leaves', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const caller = new AbortController();
    const response = gateway.complete({}, {}, caller.signal);
    await step.next('Hel');
    const reader = (await response).body!.getReader();
    await reader.read();
    expect(await grown('llm_active_streams')).toBe(1);
    caller.abort();
    await gateway.ended();
    expect(await grown('llm_active_streams')).toBe(0);
    expect(await grown('llm_streams_total', { end_reason: 'client_closed' })).toBe(1);
    expect(await grown('llm_tokens_total', { type: 'output', source: 'counted' })).toBe(1);
    expect(await grown('llm_time_to_first_token_seconds_count')).toBe(1);
    expect(await grown('llm_attempts_total', { outcome: 'cancelled' })).toBe(1);
  });

  it('adds streams and rejections up to the requests that were sent', async () => {
    gateway.openai.script(failsWith(400, openAiError('no', { type: 'invalid_request_error' })));
    const requests = [
      gateway.complete(),
      gateway.complete({ stream: false }),
      gateway.complete({ messages: [] }),
      gateway.complete({ model: 'unknown' }),
      gateway.post('/v1/chat/completions', '{'),
      gateway.get('/chat?message=Hi&model=gpt-only'),
      gateway.get('/chat'),
      gateway.get('/chat/unknown?message=Hi'),
      gateway.post('/chat', { messages: 'Hi' }),
    ];
    for (const response of await Promise.all(requests)) await response.text();
    await gateway.ended(2);
    const streams = await grown('llm_streams_total');
    const rejections = await grown('llm_rejections_total');
    expect([streams, rejections]).toEqual([3, 6]);
    expect(await grown('llm_rejections_total', { fault: 'model_not_found' })).toBe(2);
  });

  it('has no label value that a caller made up', async () => {
    const marker = 'minted';
    await gateway.complete({ model: marker, user: marker }, { 'x-request-id': marker });
    await gateway.get(`/chat/${marker}?message=${marker}`, { 'user-agent': marker });
    await gateway.get(`/${marker}`);
    expect(await (await gateway.get('/metrics')).text()).not.toContain(marker);
  });

  it('has event-loop delay among the process metrics', async () => {
    expect(await (await gateway.get('/metrics')).text()).toContain(
      'nodejs_eventloop_lag_p99_seconds',
    );
  });
});

/** Every series with its value. */
async function series(gateway: Gateway): Promise<Map<string, number>> {
  const text = await (await gateway.get('/metrics')).text();
  const lines = text.split('\n').filter((line) => line.startsWith('llm_'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice(0, space), Number(line.slice(space + 1))];
    }),
  );
}

function labelsOf(text: string, name: string): string[] {
  const line = text.split('\n').find((each) => new RegExp(`^${name}(_sum)?\\{`).test(each)) ?? '';
  return [...line.matchAll(/(\w+)="/g)].map(([, label]) => label!);
}

function documented(): { name: string; type: string; labels: string[] }[] {
  return [...DOCS.matchAll(/^\|\s*`(\w+)`\s*\|\s*(\w+)\s*\|([^|]+)\|/gm)].map(
    ([, name, type, labels]) => ({
      name: name!,
      type: type!,
      labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
    }),
  );
}
