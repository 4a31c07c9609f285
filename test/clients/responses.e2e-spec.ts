import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Gateway } from '../support/gateway.js';
import {
  deltaChunk,
  finishChunk,
  openAi,
  OPENAI_STREAM_TYPE,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
} from '../support/openai-script.js';
import { replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';
import { areClientsMissing } from './installed.js';
import { ANSWERS } from './upstream-answers.js';

const isMissing = areClientsMissing();
const { CLIENTS } = isMissing ? { CLIENTS: [] } : await import('./clients.js');
const RESPONSES = CLIENTS.filter(({ route }) => route === '/v1/responses');

const MINUTE_MS = 60_000;

describe.skipIf(isMissing)('What speaks Responses', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { heartbeatMs: 20 } });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await gateway.close();
  });

  it.each(RESPONSES)(
    'hears comments and a keepalive in silence, and reads on: $name',
    async (client) => {
      const step = openAi.stepper();
      gateway.openai.script(step.script);
      const heard = Promise.withResolvers<void>();
      const streaming = client.stream(gateway.url, 'gpt-only', () => heard.resolve());
      await step.next('Hel');
      await within(heard.promise, 'some text arrives');
      await pastAMinute(gateway);
      await step.next('lo');
      await step.finish();
      expect((await within(streaming, 'the client ends')).text).toBe('Hello');
    },
  );

  describe('openai, responses.stream()', () => {
    const finish = (finishReason: string) => finishChunk({ finishReason });
    it.each<[string, readonly unknown[]]>([
      ['a text', [deltaChunk({ content: 'Hello' }), finish('stop')]],
      ['nothing', [finish('stop')]],
      [
        'reasoning, text and calls',
        [
          reasoningChunk('Hm.'),
          deltaChunk({ content: 'Hello' }),
          toolCallChunk(0, 'call_1', 'weather'),
          toolArgumentsChunk(0, '{}'),
          toolCallChunk(1, 'call_2', 'time'),
          finish('tool_calls'),
        ],
      ],
      [
        'calls beside each other',
        [
          toolCallChunk(0, 'call_1', 'weather'),
          toolArgumentsChunk(0, '{"city":'),
          toolCallChunk(1, 'call_2', 'weather'),
          toolArgumentsChunk(1, '{}'),
          toolArgumentsChunk(0, '"Bern"}'),
          finish('tool_calls'),
        ],
      ],
      [
        'text behind a call, and reasoning behind text',
        [
          toolCallChunk(0, 'call_1', 'weather'),
          toolArgumentsChunk(0, '{}'),
          deltaChunk({ content: 'Hello' }),
          reasoningChunk('Hm.'),
          deltaChunk({ content: 'there' }),
          finish('stop'),
        ],
      ],
      ['a refusal', [deltaChunk({ refusal: 'No.' }), finish('stop')]],
      [
        'a refusal behind text',
        [deltaChunk({ content: 'I ' }), deltaChunk({ refusal: 'No.' }), finish('stop')],
      ],
      ['a text that is too long', [deltaChunk({ content: 'Hel' }), finish('length')]],
      [
        'a call that is too long',
        [toolCallChunk(0, 'call_1', 'w'), toolArgumentsChunk(0, '{"ci'), finish('length')],
      ],
      ['reasoning that is too long', [reasoningChunk('Hm'), finish('length')]],
      ['filtered text', [deltaChunk({ content: 'Hel' }), finish('content_filter')]],
      [
        'an image',
        [
          deltaChunk({ images: [{ image_url: { url: 'data:image/png;base64,AA==' } }] }),
          finish('stop'),
        ],
      ],
    ])('takes %s, and has of it what the last event has', async (_, chunks) => {
      gateway.openai.script(
        replays(OPENAI_STREAM_TYPE, [...chunks, '[DONE]'].map((each) => sse(each)).join('')),
      );
      const { clientFor } = await import('./openai-responses.js');
      const stream = clientFor(gateway.url).responses.stream({
        model: 'gpt-only',
        input: 'Hi',
      });
      let last: JsonObject | undefined;
      stream.on('event', (event) => {
        if ('response' in event) last = { ...event.response };
      });
      const { output_text: _text, output, status } = await stream.finalResponse();
      expect({ status, output: plain(output) }).toEqual({
        status: last!['status'],
        output: plain(last!['output']),
      });
    });
  });

  describe('@ai-sdk/openai, openai(model)', () => {
    it('brings Anthropic’s signature back to Anthropic', async () => {
      gateway.anthropic.script(ANSWERS.anthropic.thinks, ANSWERS.anthropic.tells);
      const { createOpenAI } = await import('@ai-sdk/openai');
      const { generateText, streamText } = await import('ai');
      const asked = {
        model: createOpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x' })('claude'),
        // It knows by their names which models think.
        providerOptions: { openai: { store: false, forceReasoning: true } },
      };
      const said = [{ role: 'user' as const, content: 'Hi' }];
      const { messages } = await streamText({ ...asked, messages: said }).response;
      await generateText({ ...asked, messages: [...said, ...messages, ...said] });
      expect(gateway.anthropic.requests[1]!.body['messages']).toMatchObject([
        { role: 'user' },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
            { type: 'text', text: 'Hello' },
          ],
        },
        { role: 'user' },
      ]);
    });
  });

  it('reads why there is no Response to get: openai', async () => {
    const { clientFor } = await import('./openai-responses.js');
    const { responses } = clientFor(gateway.url);
    await expect(responses.retrieve('resp_1')).rejects.toThrow(/404.*keeps no responses/);
    await expect(responses.cancel('resp_1')).rejects.toThrow(/To cancel a stream, close it/);
  });
});

/** Lets the clock of the gateway go on by more than a minute, and waits for what is said of the silence. */
async function pastAMinute(gateway: Gateway): Promise<void> {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + MINUTE_MS);
  const { ResponsesEncoder } = await import('../../src/http/dialects/responses/encode-stream.js');
  const beats = vi.spyOn(ResponsesEncoder.prototype, 'heartbeat');
  const said = () => beats.mock.results.map(({ value }) => String(value)).join('');
  await vi.waitFor(() => expect(said()).toMatch(/event: keepalive\n[^]*: keepalive\n\n/));
  expect(gateway.log.text).not.toContain('failed');
}

/** As JSON has it, without what the client adds where a format was asked for. */
function plain(output: unknown): unknown {
  return JSON.parse(JSON.stringify(output), (name, value: unknown) =>
    name === 'parsed' || name === 'parsed_arguments' ? undefined : value,
  );
}
