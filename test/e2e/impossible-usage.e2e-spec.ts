import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { readCompletion } from '../support/chat-completions.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { doneLine, messageLine, ndjson, OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import {
  completion,
  contentChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  sse,
  usageChunk,
} from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { answers, replays } from '../support/upstream-scripts.js';

/** o3 has reported -35; 1e308 once left callers with heartbeats for ever. */
const COUNTS = [-35, 1e308, -1e308, 0.5, 1e15];
const MESSAGES = [{ role: 'user', content: 'Hi' }];

describe.each(COUNTS)('A token count of %s', (count) => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { totalMs: 5000 } });
  });
  afterEach(() => gateway.close());

  it.each<[string, 'openai' | 'ollama', string, UpstreamScript]>([
    ['OpenAI', 'openai', 'gpt-only', openAiStream(count)],
    ['Ollama', 'ollama', 'llama3', ollamaStream(count)],
  ])('of %s is absent, and the answer is whole', async (_, id, model, script) => {
    gateway[id].script(script);
    const events = await chatEvents(await gateway.post(`/chat/${model}`, { messages: MESSAGES }));
    expect(events.at(-1)).toMatchObject({ type: 'done', data: { usage: {} } });
    const { done, chunks } = await readCompletion(
      await gateway.complete({ model, stream_options: { include_usage: true } }),
    );
    expect(done).toBe(true);
    expect(chunks.filter((chunk) => chunk['usage'])).toEqual([]);
    for (const n of [0, 1]) {
      expect(await gateway.ended(n)).toMatchObject({ endReason: 'completed' });
      expect(await gateway.ended(n)).not.toHaveProperty('outputTokens');
    }
    expect(gateway.log.lines.filter((line) => line.includes('implausible_usage'))).toHaveLength(1);
    expect(await gateway.metric('llm_active_streams')).toBe(0);
  });

  it('is absent from a plain answer', async () => {
    const usage = { prompt_tokens: 3, completion_tokens: count, total_tokens: 3 };
    gateway.openai.script(answers({ ...completion('Hello'), usage }));
    const response = await gateway.complete({ stream: false });
    const answer = (await response.json()) as JsonObject;
    expect(answer).toMatchObject({ choices: [{ message: { content: 'Hello' } }] });
    expect(answer).not.toHaveProperty('usage');
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed', inputTokens: 3 });
  });
});

function openAiStream(count: number): UpstreamScript {
  const usage = { prompt_tokens: count, completion_tokens: count, total_tokens: count };
  const events = [contentChunk('Hello'), finishChunk(), usageChunk(usage), '[DONE]'];
  return replays(OPENAI_STREAM_TYPE, events.map((event) => sse(event)).join(''));
}

function ollamaStream(count: number): UpstreamScript {
  const counts = { prompt_eval_count: count, eval_count: count };
  const lines = [messageLine({ content: 'Hello' }), { ...doneLine(), ...counts }];
  return replays(OLLAMA_STREAM_TYPE, lines.map((line) => ndjson(line)).join(''));
}
