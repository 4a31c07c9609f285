import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { BodyReader } from '../support/body-reader.js';
import { Gateway } from '../support/gateway.js';
import { deltaChunk, finishChunk, OPENAI_STREAM_TYPE, sse } from '../support/openai-script.js';
import { replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const ASKED: readonly (readonly [path: string, fields: JsonObject])[] = [
  ['/v1/responses', { input: 'Hi' }],
  ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }],
];

const fn = (name: string, args: string) => ({ name, arguments: args });
const streamOf = (...calls: readonly JsonObject[]) =>
  replays(
    OPENAI_STREAM_TYPE,
    [
      ...calls.map((call) => deltaChunk({ tool_calls: [{ index: 0, ...call }] })),
      finishChunk({ finishReason: 'tool_calls' }),
      '[DONE]',
    ]
      .map((event) => sse(event))
      .join(''),
  );

describe('The name of a tool call', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  async function read(path: string, fields: JsonObject): Promise<BodyReader> {
    const body = { model: 'gpt-only', stream: true, ...fields };
    const reader = new BodyReader(await gateway.post(path, body));
    await within(reader.all(), 'the stream ends');
    return reader;
  }

  it.each(ASKED)('may come behind its id: %s', async (path, fields) => {
    for (const first of [{ id: 'a' }, { id: 'a', function: fn('', '') }]) {
      gateway.openai.script(
        streamOf(first, {}, { function: fn('look', '') }, { function: fn('', '{}') }),
      );
      const { raw, ended } = await read(path, fields);
      expect(ended).toBe('clean');
      expect(new Set(raw.match(/"name":"[^"]*"/g))).toEqual(new Set(['"name":"look"']));
      expect(raw).toContain(path === '/v1/messages' ? '"id":"a"' : '"call_id":"a"');
    }
  });

  const pieces = [
    { id: 'a', function: fn('get_', '') },
    { function: fn('weather', '{}') },
  ] as const;
  it.each(ASKED)('is never shown by half, where it comes in pieces: %s', async (path, fields) => {
    gateway.openai.script(streamOf(...pieces));
    const { raw, ended } = await read(path, fields);
    expect(ended).toBe('cut');
    expect(raw).toContain('The name of a tool came in pieces.');
    expect(raw).not.toMatch(/event: (response\.completed|message_stop)/);
  });

  it.each(ASKED)(
    'is whole in a whole answer, where it comes in pieces: %s',
    async (path, fields) => {
      gateway.openai.script(streamOf(...pieces));
      const response = await gateway.post(path, { model: 'gpt-only', ...fields });
      expect(await response.text()).toContain('"name":"get_weather"');
    },
  );
});
