import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { completionIn, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ndjson, ollama, toolCallsLine } from '../support/ollama-script.js';
import {
  contentChunk,
  deltaChunk,
  finishChunk,
  openAi,
  OPENAI_STREAM_TYPE,
  sse,
  toolCallChunk,
} from '../support/openai-script.js';
import { replays } from '../support/upstream-scripts.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SseReader } from '../support/sse-reader.js';
import type { Stepper } from '../support/stepper.js';

/** What an upstream may do once it gave a finish reason. */
const ENDINGS: readonly (readonly [string, (step: Stepper) => Promise<void>])[] = [
  ['ends its body', (step) => step.eof()],
  ['closes the connection', (step) => step.cut()],
  ['resets the connection', (step) => step.reset()],
  ['falls silent', async () => {}],
  ['breaks off within an event', (step) => step.send('data: {"id":"chatcmpl-1","cho')],
];

async function untilHeartbeat(reader: SseReader): Promise<void> {
  for (let item = await reader.next(); item; item = await reader.next()) {
    if (item.comment === 'heartbeat') return;
  }
  throw new Error('The stream ended without another heartbeat.');
}

describe('after a finish reason', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  beforeEach(async () => {
    gateway = await Gateway.start();
    caller = await SlowCaller.connect(gateway.url);
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  for (const [model, backend, scripts] of [
    ['gpt-4o', 'openai', openAi],
    ['llama3', 'ollama', ollama],
  ] as const) {
    it.each(ENDINGS)(`the answer is whole although ${backend} %s`, async (_, end) => {
      // Of OpenAI's closing events only the finish reason.
      const step = scripts.stepper({ usage: 'none', done: false });
      gateway[backend].script(step.script);
      const response = caller.send({
        path: '/v1/chat/completions',
        body: { model, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      });
      await step.next('Hello');
      await step.sayFinished();
      expect(await response.readUntil('"finish_reason":"stop"')).toBe(true);
      await end(step);
      const { text, error, done } = await completionIn(await response.rest());
      expect([text, error, done]).toEqual(['Hello', undefined, true]);
      expect(response.cleanEnd).toBe(true);
      expect(await gateway.ended()).toMatchObject({
        endReason: 'completed',
        finishReason: 'stop',
        attempts: [{ outcome: 'ok' }],
      });
      expect(gateway.openai.requests.length + gateway.ollama.requests.length).toBe(1);
    });
  }

  it('a slow answer is whole, too: every token gives the upstream idleMs anew', async () => {
    await gateway.close();
    gateway = await Gateway.start({ streams: { idleMs: 400, heartbeatMs: 50 } });
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.complete();
    await step.next('0');
    const reader = new SseReader(await response);
    const startedAt = performance.now();
    for (let n = 1; performance.now() - startedAt < 500; n += 1) {
      // Two heartbeats are 100 ms of silence.
      await untilHeartbeat(reader);
      await untilHeartbeat(reader);
      await step.next(String(n));
    }
    await step.finish();
    expect((await reader.all()).at(-1)).toEqual({ data: '[DONE]' });
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
  });

  it('the connection of the caller serves the next request', async () => {
    gateway.openai.script(openAi.streamsText(['Hel', 'lo']));
    for (let n = 0; n < 3; n += 1) {
      const response = caller.send({
        path: '/v1/chat/completions',
        body: { model: 'gpt-only', stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      });
      expect((await completionIn(await response.rest())).text).toBe('Hello');
      expect(response.cleanEnd).toBe(true);
    }
    expect(new Set(gateway.openai.requests.map(({ socketPort }) => socketPort)).size).toBe(1);
  });
});

describe('a finish reason that was not the last word', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it.each(['length', 'content_filter'])(
    'is corrected on /v1: the last one is %s',
    async (reason) => {
      const events = [
        contentChunk('A'),
        finishChunk(),
        contentChunk('B'),
        finishChunk({ finishReason: reason }),
        '[DONE]',
      ];
      gateway.openai.script(
        replays(OPENAI_STREAM_TYPE, events.map((event) => sse(event)).join('')),
      );
      const { chunks, text, done } = await readCompletion(await gateway.complete());
      expect([text, done]).toEqual(['AB', true]);
      expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: reason }] });
    },
  );

  it.each([true, {}, 1, 'null'])('is told nobody where it is no word: %j', async (given) => {
    const events = [
      deltaChunk({ content: 'A' }, {}, { finish_reason: given }),
      contentChunk('B'),
      finishChunk({ finishReason: 'length' }),
      '[DONE]',
    ];
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, events.map((event) => sse(event)).join('')));
    const { chunks } = await readCompletion(await gateway.complete());
    const reasons = chunks.map((chunk) => (chunk['choices'] as { finish_reason: unknown }[])[0]);
    expect(reasons.map((choice) => choice?.finish_reason)).toEqual([null, null, 'length']);
  });

  it('is told nobody where it is a failure behind a whole answer', async () => {
    const events = [
      contentChunk('A'),
      finishChunk(),
      finishChunk({ finishReason: 'abort' }),
      '[DONE]',
    ];
    gateway.openai.script(replays(OPENAI_STREAM_TYPE, events.map((event) => sse(event)).join('')));
    const { chunks, done } = await readCompletion(await gateway.complete());
    expect(done).toBe(true);
    expect(JSON.stringify(chunks)).not.toContain('abort');
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed', finishReason: 'stop' });
  });
});

describe('an answer without text', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'openai', targets: ['openai/gpt', 'ollama/llama3'] },
        { id: 'ollama', targets: ['ollama/llama3', 'openai/gpt'] },
      ],
    });
  });
  afterEach(() => gateway.close());

  it.each(['stop', 'length', 'content_filter'])(
    'of OpenAI that ended by %s is passed on as it is',
    async (finishReason) => {
      gateway.openai.script(openAi.streamsText([], { finishReason }));
      const { chunks, text, done } = await readCompletion(
        await gateway.complete({ model: 'openai' }),
      );
      expect([text, done]).toEqual(['', true]);
      expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: finishReason }] });
      expect(gateway.ollama.requests).toHaveLength(0);
      expect(await gateway.ended()).toMatchObject({ endReason: 'completed', finishReason });
    },
  );

  it('of Ollama that ended by length is passed on as it is', async () => {
    gateway.ollama.script(ollama.streamsText([], { doneReason: 'length' }));
    const response = await gateway.complete({ model: 'ollama' });
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    const { chunks, text, done } = await readCompletion(response);
    expect([text, done]).toEqual(['', true]);
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'length' }] });
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('that only calls tools is passed on as it is', async () => {
    const openAiStep = openAi.stepper({ finishReason: 'tool_calls' });
    gateway.openai.script(openAiStep.script);
    const fromOpenAi = gateway.complete({ model: 'openai' });
    await openAiStep.send(sse(toolCallChunk(0, 'call_1', 'weather')));
    await openAiStep.finish();
    const ollamaStep = ollama.stepper();
    gateway.ollama.script(ollamaStep.script);
    const fromOllama = gateway.complete({ model: 'ollama' });
    await ollamaStep.send(ndjson(toolCallsLine([{ name: 'weather', arguments: {} }])));
    await ollamaStep.finish();
    for (const response of [await fromOpenAi, await fromOllama]) {
      const { chunks, done } = await readCompletion(response);
      expect(done).toBe(true);
      expect(JSON.stringify(chunks)).toContain('"name":"weather"');
      expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
      expect(response.headers.get('x-sluice-attempts')).toBe('1');
    }
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });
});
