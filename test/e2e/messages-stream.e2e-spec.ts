import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { Gateway } from '../support/gateway.js';
import { askMessages, blocksOf, endOf, readMessage } from '../support/messages.js';
import {
  contentChunk,
  deltaChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  reasoningChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
  usageChunk,
} from '../support/openai-script.js';
import { replays } from '../support/upstream-scripts.js';

describe('an answer as a streamed Message', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const answer = (...chunks: readonly unknown[]) => {
    gateway.openai.script(
      replays(OPENAI_STREAM_TYPE, [...chunks, '[DONE]'].map((each) => sse(each)).join('')),
    );
    return readMessage(askMessages(gateway));
  };

  it('has reasoning, text and a tool call each in a block of its own, in order', async () => {
    const stream = await answer(
      reasoningChunk('Th'),
      reasoningChunk('ink.'),
      contentChunk('Hel'),
      contentChunk('lo'),
      toolCallChunk(0, 'call_1', 'weather'),
      toolArgumentsChunk(0, '{"city":'),
      toolArgumentsChunk(0, '"Rome"}'),
      finishChunk({ finishReason: 'tool_calls' }),
      usageChunk({
        prompt_tokens: 9,
        completion_tokens: 3,
        prompt_tokens_details: { cached_tokens: 4 },
      }),
    );
    expect(blocksOf(stream)).toEqual([
      { type: 'thinking', thinking: 'Think.', signature: '' },
      { type: 'text', text: 'Hello' },
      {
        type: 'tool_use',
        id: 'call_1',
        name: 'weather',
        input: {},
        partial_json: '{"city":"Rome"}',
      },
    ]);
    expect(endOf(stream)).toMatchObject({
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: {
        input_tokens: 5,
        cache_read_input_tokens: 4,
        cache_creation_input_tokens: 0,
        output_tokens: 3,
      },
    });
  });

  it('has tool calls that came interleaved one behind the other', async () => {
    const stream = await answer(
      toolCallChunk(0, 'call_1', 'one'),
      toolArgumentsChunk(0, '{"a":"}'),
      toolCallChunk(1, 'call_2', 'two'),
      toolArgumentsChunk(1, '{"b":'),
      toolArgumentsChunk(0, '"}'),
      toolArgumentsChunk(1, '2}'),
      toolCallChunk(2, 'call_3', 'three'),
      finishChunk({ finishReason: 'tool_calls' }),
    );
    expect(blocksOf(stream)).toMatchObject([
      { id: 'call_1', partial_json: '{"a":"}"}' },
      { id: 'call_2', partial_json: '{"b":2}' },
      { id: 'call_3', name: 'three', input: {} },
    ]);
  });

  it('does not hold a call back whose predecessor is whole', async () => {
    const stream = await answer(
      toolCallChunk(0, 'call_1', 'one'),
      toolArgumentsChunk(0, '{}'),
      toolCallChunk(1, 'call_2', 'two'),
      toolArgumentsChunk(1, '{'),
      toolArgumentsChunk(1, '}'),
      finishChunk({ finishReason: 'tool_calls' }),
    );
    const deltas = stream.events.filter(({ type }) => type === 'content_block_delta');
    expect(
      deltas.map(({ data }) => [data['index'], (data['delta'] as JsonObject)['partial_json']]),
    ).toEqual([
      [0, '{}'],
      [1, '{'],
      [1, '}'],
    ]);
  });

  it.each<[string, string]>([
    ['stop', 'end_turn'],
    ['length', 'max_tokens'],
    ['content_filter', 'refusal'],
    ['pause_turn', 'pause_turn'],
    ['stop_sequence', 'stop_sequence'],
    ['model_context_window_exceeded', 'model_context_window_exceeded'],
    ['of_tomorrow', 'end_turn'],
  ])('says why it ended: %s is %s', async (finishReason, stopReason) => {
    const stream = await answer(contentChunk('Hi'), finishChunk({ finishReason }));
    expect(endOf(stream)).toMatchObject({ delta: { stop_reason: stopReason } });
  });

  it('says of a refusal that it is one', async () => {
    const stream = await answer(deltaChunk({ refusal: 'No.' }), finishChunk());
    expect(blocksOf(stream)).toEqual([{ type: 'text', text: 'No.' }]);
    expect(endOf(stream)).toMatchObject({
      delta: { stop_reason: 'refusal', stop_details: { type: 'refusal' } },
    });
  });

  it('has no block where nothing was said', async () => {
    const stream = await answer(finishChunk());
    expect(stream.events.map(({ type }) => type)).toEqual(['message_start', 'message_delta']);
  });

  it('shows an image as Markdown', async () => {
    const images = [{ image_url: { url: 'data:image/png;base64,AA==' } }];
    const stream = await answer(deltaChunk({ images }), finishChunk());
    expect(blocksOf(stream)).toEqual([
      { type: 'text', text: '![image](data:image/png;base64,AA==)' },
    ]);
  });
});
