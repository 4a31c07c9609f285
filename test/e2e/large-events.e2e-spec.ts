import { afterEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { messageLine, ndjson, doneLine, OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import {
  completion,
  deltaChunk,
  finishChunk,
  openAi,
  OPENAI_STREAM_TYPE,
  sse,
} from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { answers, replays } from '../support/upstream-scripts.js';

const MIB = 1024 * 1024;
const MESSAGES = [{ role: 'user', content: 'Draw.' }];
/** A picture of 5 MB. */
const BASE64 = `iVBORw0KGgo${'A'.repeat(5 * MIB)}`;
const URL = `data:image/png;base64,${BASE64}`;

describe('An event of several MB', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  const openAiImage = sse(deltaChunk({ images: [{ type: 'image_url', image_url: { url: URL } }] }));
  const kinds: readonly (readonly ['openai' | 'ollama', string, UpstreamScript])[] = [
    [
      'openai',
      'gpt-only',
      replays(OPENAI_STREAM_TYPE, openAiImage + sse(finishChunk()) + sse('[DONE]')),
    ],
    [
      'ollama',
      'llama3',
      replays(OLLAMA_STREAM_TYPE, ndjson(messageLine({ images: [BASE64] })) + ndjson(doneLine())),
    ],
  ];

  it.each(kinds)('of %s reaches both routes', async (id, model, script) => {
    gateway = await Gateway.start({ maxEventBytes: 16 * MIB });
    gateway[id].script(script);
    const events = await chatEvents(await gateway.post(`/chat/${model}`, { messages: MESSAGES }));
    expect(events.find(({ type }) => type === 'image')!.data['url']).toBe(URL);
    expect(events.at(-1)!.type).toBe('done');
    const { chunks, done } = await readCompletion(await gateway.complete({ model }));
    expect(done).toBe(true);
    expect(JSON.stringify(chunks[0])).toContain(BASE64);
  });

  it('that all streams together hold is bounded: who needs more is overloaded, and there is room again', async () => {
    gateway = await Gateway.start({ streams: { eventBytesInFlight: MIB / 2 } });
    const beginning = sse(deltaChunk({ content: 'A'.repeat(400 * 1024) })).slice(0, -40);
    const steps = [openAi.stepper(), openAi.stepper()] as const;
    gateway.openai.script(steps[0].script, steps[1].script, openAi.streamsText(['Hello']));
    const streams = [];
    for (const step of steps) {
      const response = gateway.complete();
      await step.next('A');
      streams.push(readCompletion(await response));
      // Not awaited: the one that needs too much is left before it took all of it.
      step.send(beginning).catch(() => undefined);
    }
    const { text, error, ended } = await Promise.race(streams);
    expect([text, error?.['code'], ended]).toEqual(['A', 'overloaded', 'cut']);
    gateway.openai.resetConnections();
    await Promise.all(streams);
    const { done } = await readCompletion(await gateway.complete());
    expect(done).toBe(true);
  });

  it('counts a plain answer among them while it arrives', async () => {
    gateway = await Gateway.start({ streams: { eventBytesInFlight: MIB } });
    gateway.openai.script(answers(completion('A'.repeat(2 * MIB))), answers(completion('Hello')));
    expect((await gateway.complete({ stream: false })).status).toBe(503);
    expect((await gateway.complete({ stream: false })).status).toBe(200);
  });
});
