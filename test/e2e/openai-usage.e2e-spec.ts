import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import {
  contentChunk,
  finishChunk,
  openAi,
  OPENAI_USAGE,
  roleChunk,
  sse,
  usageChunk,
} from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { replays } from '../support/upstream-scripts.js';

describe('usage in a stream', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const ASKED = { stream_options: { include_usage: true } };

  it.each([
    ['nothing', {}],
    ['null', { stream_options: null }],
    ['not to', { stream_options: { include_usage: false } }],
  ])('is asked of the upstream and kept from a caller that says %s', async (_, fields) => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    const { chunks, done } = await readCompletion(await gateway.complete(fields));
    expect(chunks).toEqual([roleChunk(), contentChunk('Hel'), contentChunk('lo'), finishChunk()]);
    expect(done).toBe(true);
    expect(gateway.openai.requests[0]!.body['stream_options']).toEqual({ include_usage: true });
    // It was for the log and the metrics.
    expect(await gateway.ended()).toMatchObject({ inputTokens: 9, outputTokens: 3 });
  });

  it('comes as the last chunk, and as null before, for a caller that asks', async () => {
    gateway.openai.script(openAi.streamsText(['Hi']));
    const { chunks, done } = await readCompletion(
      await gateway.complete({
        stream_options: { include_usage: true, include_obfuscation: false },
      }),
    );
    expect(chunks).toEqual([
      { ...roleChunk(), usage: null },
      { ...contentChunk('Hi'), usage: null },
      { ...finishChunk(), usage: null },
      usageChunk(OPENAI_USAGE),
    ]);
    expect(done).toBe(true);
    expect(gateway.openai.requests[0]!.body['stream_options']).toEqual({
      include_usage: true,
      include_obfuscation: false,
    });
  });

  it('has every detail that the upstream reported', async () => {
    const usage = {
      ...OPENAI_USAGE,
      prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 2 },
      cost: 0.1,
    };
    const events = [contentChunk('Hi'), finishChunk(), usageChunk(usage), '[DONE]'];
    gateway.openai.script(replays('text/event-stream', events.map((event) => sse(event)).join('')));
    const { chunks } = await readCompletion(await gateway.complete(ASKED));
    expect(chunks.at(-1)).toEqual(usageChunk(usage));
  });

  it('that comes with the finish reason is stripped when the caller did not ask', async () => {
    gateway.openai.script(openAi.streamsText(['Hi'], { usage: 'on-finish' }));
    const { chunks } = await readCompletion(await gateway.complete());
    expect(chunks).toEqual([roleChunk(), contentChunk('Hi'), finishChunk()]);
    expect(await gateway.ended()).toMatchObject({ inputTokens: 9, outputTokens: 3 });
  });

  it('that comes with the finish reason becomes the chunk of its own that the caller asked for', async () => {
    gateway.openai.script(openAi.streamsText(['Hi'], { usage: 'on-finish' }));
    const { chunks, done } = await readCompletion(await gateway.complete(ASKED));
    expect(chunks.slice(-2)).toEqual([{ ...finishChunk(), usage: null }, usageChunk(OPENAI_USAGE)]);
    expect(done).toBe(true);
  });

  it('is left out when the upstream reports none', async () => {
    gateway.openai.script(openAi.streamsText(['Hi'], { usage: 'none' }));
    const { chunks, done } = await readCompletion(await gateway.complete(ASKED));
    expect(chunks.at(-1)).toEqual({ ...finishChunk(), usage: null });
    expect(done).toBe(true);
    const { inputTokens, outputTokens, contentParts } = await gateway.ended();
    expect([inputTokens, outputTokens, contentParts]).toEqual([undefined, undefined, 1]);
  });

  it('is built from the counts of Ollama', async () => {
    gateway.ollama.script(ollama.streamsText(['Hi']));
    const asked = await readCompletion(await gateway.complete({ model: 'llama3', ...ASKED }));
    expect(asked.chunks.map(({ usage }) => usage)).toEqual([null, null, OPENAI_USAGE]);
    expect(asked.chunks.at(-1)!['choices']).toEqual([]);
    const unasked = await readCompletion(await gateway.complete({ model: 'llama3' }));
    expect(unasked.chunks.some((chunk) => 'usage' in chunk)).toBe(false);
    expect(gateway.ollama.requests[0]!.body).not.toHaveProperty('stream_options');
  });

  it('is left out when Ollama counted nothing', async () => {
    gateway.ollama.script(ollama.streamsText(['Hi'], { counts: false }));
    const { chunks, done } = await readCompletion(
      await gateway.complete({ model: 'llama3', ...ASKED }),
    );
    expect(chunks.map(({ usage }) => usage)).toEqual([null, null]);
    expect(done).toBe(true);
  });
});

describe('usage at a backend with streamUsage: false', () => {
  it('is not asked of it, also when the caller asks', async () => {
    const upstream = await ScriptedUpstream.start();
    const gateway = await Gateway.start({
      backends: [{ id: 'old', kind: 'openai', baseUrl: upstream.openaiUrl, streamUsage: false }],
      models: [{ id: 'gpt-only', targets: ['old/gpt'] }],
    });
    upstream.script(openAi.streamsText(['Hi']));
    const plain = await readCompletion(await gateway.complete());
    expect(plain.chunks).toEqual([roleChunk(), contentChunk('Hi'), finishChunk()]);
    const asked = await readCompletion(
      await gateway.complete({ stream_options: { include_usage: true } }),
    );
    expect(asked.chunks.map(({ usage }) => usage)).toEqual([null, null, null]);
    expect(asked.done).toBe(true);
    for (const { body } of upstream.requests) expect(body).not.toHaveProperty('stream_options');
    expect(upstream.requests).toHaveLength(2);
    await Promise.all([upstream.close(), gateway.close()]);
  });
});
