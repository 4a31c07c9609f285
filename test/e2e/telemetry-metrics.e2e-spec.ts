import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DialectName } from '../../src/contract/stream-event.js';
import { Gateway } from '../support/gateway.js';
import { changes } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { contentChunk, openAi, openAiError, sse } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';

/** What one stream of so many pieces changes, but for its pace. */
function stream(
  model: string,
  backend: string,
  dialect: DialectName,
  { pieces = 3, end = 'completed', outcome = 'ok', attempts = 1 } = {},
): Record<string, number> {
  const labels = `model="${model}",backend="${backend}"`;
  const all = {
    [`llm_streams_total{caller="anonymous",${labels},dialect="${dialect}",end_reason="${end}"}`]: 1,
    [`llm_stream_duration_seconds_count{model="${model}",end_reason="${end}"}`]: 1,
    [`llm_attempts_total{${labels},outcome="${outcome}"}`]: attempts,
    [`llm_time_to_first_token_seconds_count{${labels}}`]: Math.min(pieces, 1),
    [`llm_token_latency_seconds_count{${labels}}`]: Math.max(pieces - 1, 0),
  };
  return Object.fromEntries(Object.entries(all).filter(([, by]) => by > 0));
}

function tokens(model: string, backend: string, type: string, source: string): string {
  return `llm_tokens_total{caller="anonymous",model="${model}",backend="${backend}",type="${type}",source="${source}"}`;
}

function reported(model: string, backend: string): Record<string, number> {
  return {
    [tokens(model, backend, 'input', 'reported')]: 9,
    [tokens(model, backend, 'output', 'reported')]: 3,
  };
}

const read = async (responding: Promise<Response>) => (await responding).text().catch(() => '');

describe('metrics', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const forms: [DialectName, (model: string) => Promise<Response>][] = [
    ['event-source', (model) => gateway.get(`/chat/${model}?message=Hi`)],
    ['chat-completions', (model) => gateway.complete({ model })],
  ];

  it.each(forms)('count a whole stream in %s with the reported usage', async (dialect, ask) => {
    gateway.openai.script(openAi.streamsText(['a', 'b', 'c']));
    gateway.ollama.script(ollama.streamsText(['a', 'b', 'c']));
    expect(await changes(gateway, () => read(ask('gpt-only')))).toEqual({
      ...stream('gpt-only', 'openai', dialect),
      ...reported('gpt-only', 'openai'),
    });
    expect(await changes(gateway, () => read(ask('llama3')))).toEqual({
      ...stream('llama3', 'ollama', dialect),
      ...reported('llama3', 'ollama'),
    });
  });

  it.each(forms)('count the chunks in %s where no usage is reported', async (dialect, ask) => {
    gateway.openai.script(openAi.streamsText(['a', 'b'], { usage: 'none' }));
    expect(await changes(gateway, () => read(ask('gpt-only')))).toEqual({
      ...stream('gpt-only', 'openai', dialect, { pieces: 2 }),
      [tokens('gpt-only', 'openai', 'output', 'counted')]: 2,
    });
  });

  it('count a plain answer, which has no pace', async () => {
    gateway.openai.script(openAi.answersText('Hello'));
    expect(await changes(gateway, () => read(gateway.complete({ stream: false })))).toEqual({
      ...stream('gpt-only', 'openai', 'chat-completions', { pieces: 0 }),
      ...reported('gpt-only', 'openai'),
    });
  });

  it.each(forms)('count a cut stream in %s with what it had of tokens', async (dialect, ask) => {
    gateway.openai.script(openAi.streamsTextThenEnds(['a', 'b']));
    const cut = { pieces: 2, end: 'upstream_cut', outcome: 'upstream_cut' };
    expect(await changes(gateway, () => read(ask('gpt-only')))).toEqual({
      ...stream('gpt-only', 'openai', dialect, cut),
      [tokens('gpt-only', 'openai', 'output', 'counted')]: 2,
    });
  });

  it.each(forms)('count a fallback in %s, where it went and why', async (dialect, ask) => {
    gateway.openai.script(failsWith(429, openAiError('slow')));
    gateway.ollama.script(ollama.streamsText(['a', 'b', 'c']));
    expect(await changes(gateway, () => read(ask('gpt-4o')))).toEqual({
      ...stream('gpt-4o', 'ollama', dialect),
      ...reported('gpt-4o', 'ollama'),
      'llm_attempts_total{model="gpt-4o",backend="openai",outcome="rate_limited"}': 1,
      'llm_fallbacks_total{model="gpt-4o",from="openai",to="ollama",reason="rate_limited"}': 1,
    });
  });

  it.each(forms)('count a failure of every target in %s for no backend', async (dialect, ask) => {
    gateway.openai.script(failsWith(401, openAiError('no')));
    gateway.ollama.script(failsWith(500, {}));
    const nobody = { pieces: 0, end: 'upstream_error', attempts: 0 };
    expect(await changes(gateway, () => read(ask('gpt-4o')))).toEqual({
      ...stream('gpt-4o', 'none', dialect, nobody),
      'llm_attempts_total{model="gpt-4o",backend="openai",outcome="upstream_credentials"}': 1,
      'llm_attempts_total{model="gpt-4o",backend="ollama",outcome="upstream_unavailable"}': 1,
      'llm_fallbacks_total{model="gpt-4o",from="openai",to="ollama",reason="upstream_credentials"}': 1,
      'llm_breaker_open{backend="openai",target_model="gpt-4o-2024"}': 1,
    });
  });

  it.each(forms)(
    'count a stream in %s whose caller leaves, active until then',
    async (dialect, ask) => {
      const step = openAi.stepper();
      gateway.openai.script(step.script);
      const left = { pieces: 2, end: 'client_closed', outcome: 'cancelled' };
      const changed = await changes(gateway, async () => {
        const responding = ask('gpt-only');
        await step.next('a');
        const reader = new SseReader(await responding);
        expect(await gateway.metric('llm_active_streams')).toBe(1);
        await step.next('b');
        while (!reader.raw.includes('"b"')) await reader.next();
        await reader.leave();
        await gateway.ended();
      });
      expect(changed).toEqual({
        ...stream('gpt-only', 'openai', dialect, left),
        [tokens('gpt-only', 'openai', 'output', 'counted')]: 2,
        llm_cancel_latency_seconds_count: 1,
      });
    },
  );

  it.each(forms)('measure in %s when tokens came, and how far apart', async (_, ask) => {
    const step = openAi.stepper({ usage: 'none' });
    gateway.openai.script(step.script);
    const seconds = async (name: string) => gateway.metric(`${name}_sum`, { model: 'gpt-only' });
    const names = ['llm_time_to_first_token_seconds', 'llm_token_latency_seconds'];
    const before = await Promise.all(names.map(seconds));
    const paceBefore = await pace();
    const startedAt = performance.now();
    const responding = ask('gpt-only');
    // The upstream's own pace, from when it was asked: 60 ms to the first token, 40 ms to the second.
    await step.exchange;
    await pause(60);
    await step.next('a');
    const reader = new SseReader(await responding);
    while (!reader.raw.includes('"a"')) await reader.next();
    await pause(40);
    await step.next('b');
    await step.finish();
    await reader.all();
    const total = (performance.now() - startedAt) / 1000;
    const after = await Promise.all(names.map(seconds));
    const [first, gap] = after.map((value, n) => value - before[n]!) as [number, number];
    // Timers may fire a millisecond early.
    expect([first > 0.055, gap > 0.035, first + gap < total]).toEqual([true, true, true]);
    const [counted, speed] = (await pace()).map((value, n) => value - paceBefore[n]!);
    expect([counted, speed! > 0 && speed! < 1 / 0.035]).toEqual([1, true]);
  });

  it.each(forms)('know no pace in %s of tokens that came all at once', async (_, ask) => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const before = await pace();
    const responding = ask('gpt-only');
    await step.begin();
    await step.send(['a', 'b', 'c'].map((token) => sse(contentChunk(token))).join(''));
    await step.finish();
    await read(responding);
    expect(await pace()).toEqual(before);
  });

  const pace = () =>
    Promise.all(
      ['count', 'sum'].map((part) =>
        gateway.metric(`llm_stream_tokens_per_second_${part}`, { model: 'gpt-only' }),
      ),
    );

  it('add up to the requests that were sent', async () => {
    gateway.openai.script(openAi.streamsText(['a']), failsWith(400, {}), openAi.resetsAfter([]));
    const messages = [{ role: 'user', content: 'Hi' }];
    const sent = [
      () => gateway.complete(),
      () => gateway.complete(),
      () => gateway.get('/chat/gpt-only?message=Hi'),
      () => gateway.complete({ stream: false }),
      () => gateway.complete({ model: 'unknown' }),
      () => gateway.complete({ n: 2 }),
      () => gateway.post('/v1/chat/completions', '{'),
      () => gateway.get('/chat'),
      () => gateway.get('/chat/unknown?message=Hi'),
      () => gateway.post('/chat', { messages: [] }),
      () => gateway.post('/chat/team/gpt', { messages, x: 1 }),
    ];
    const changed = await changes(gateway, async () => {
      for (const send of sent) await read(send());
      await gateway.get('/chat?message=Hi', { 'last-event-id': 'a:1' });
      await read(gateway.post('/chat', { messages }, { 'last-event-id': 'a:1' }));
      await fetch(`${gateway.url}/chat?message=Hi`, { method: 'HEAD' });
    });
    const sum = (name: string) =>
      Object.entries(changed).reduce((all, [key, by]) => all + (key.startsWith(name) ? by : 0), 0);
    expect([sum('llm_streams_total'), sum('llm_rejections_total')]).toEqual([4, 7]);
    expect(changed['llm_rejections_total{fault="model_not_found"}']).toBe(2);
  });
});
