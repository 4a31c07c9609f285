import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import {
  anthropic,
  ANTHROPIC_STREAM_TYPE,
  anthropicError,
  anthropicEvent,
  blockStart,
  messageStart,
  textDelta,
} from '../support/anthropic-script.js';
import { BodyReader } from '../support/body-reader.js';
import { chatEvents } from '../support/chat-events.js';
import { deltaOf, readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { askMessages, blocksOf, endOf, readMessage } from '../support/messages.js';
import { openAi } from '../support/openai-script.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/anthropic');

describe('Messages over an upstream of Anthropic’s kind', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const replay = (name: string) =>
    gateway.anthropic.script(
      replays(ANTHROPIC_STREAM_TYPE, readFileSync(join(FIXTURES, `${name}.sse`))),
    );

  it.each(['thinking-text-tools', 'server-tool', 'refusal', 'llama-cpp-thinking'])(
    'pass on all of %s, event by event, but pings',
    async (name) => {
      replay(name);
      const { events } = await readMessage(askMessages(gateway, { model: 'claude' }));
      const sent = readFileSync(join(FIXTURES, `${name}.sse`), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('data: '))
        .map((line) => JSON.parse(line.slice(6)) as JsonObject)
        .filter(({ type }) => type !== 'ping' && type !== 'message_stop');
      expect(events.map(({ data }) => data)).toEqual(sent);
    },
  );

  it.each(['no-event-lines', 'llama-cpp-open-blocks'])(
    'are as its clients expect them where %s is not',
    async (name) => {
      replay(name);
      // Read strictly: one block at a time, an `event` line for each frame.
      const stream = await readMessage(askMessages(gateway, { model: 'claude' }));
      expect(blocksOf(stream).map(({ type }) => type)).toEqual(
        name === 'no-event-lines' ? ['text'] : ['thinking', 'text'],
      );
    },
  );

  it('are Chat Completions to a caller of those', async () => {
    replay('thinking-text-tools');
    const { text, chunks, done } = await readCompletion(
      await gateway.complete({ model: 'claude', stream_options: { include_usage: true } }),
    );
    expect([text, done]).toEqual(['Héllo', true]);
    expect(chunks.at(-1)!['usage']).toMatchObject({
      prompt_tokens: 12,
      completion_tokens: 7,
      prompt_tokens_details: { cached_tokens: 4 },
    });
  });

  it('say nothing to callers of other dialects where there is only a signature', async () => {
    replay('thinking-text-tools');
    const { chunks } = await readCompletion(await gateway.complete({ model: 'claude' }));
    const said = chunks.map((chunk) => deltaOf(chunk)['reasoning_content']);
    expect(said.filter((each) => each !== undefined)).toEqual(['Think 🤔.']);
    const body = { messages: [{ role: 'user', content: 'Hi' }] };
    const events = await chatEvents(await gateway.post('/chat/claude', body));
    const thoughts = events.filter(({ type }) => type === 'reasoning');
    expect(thoughts.map(({ data }) => data)).toEqual([{ text: 'Think 🤔.' }]);
  });

  it('hold no frames that the name of an event smuggles in', async () => {
    const type = 'x\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';
    const events = [
      messageStart(),
      blockStart(0),
      textDelta('Hel'),
      { type },
      { type: 7 },
      textDelta('lo'),
    ];
    const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    gateway.anthropic.script(replays(ANTHROPIC_STREAM_TYPE, body));
    const reader = new BodyReader(await askMessages(gateway, { model: 'claude' }));
    await within(reader.all(), 'the stream ends');
    expect(reader.raw.match(/^event: .*/gmu)).toEqual([
      'event: message_start',
      'event: content_block_start',
      'event: content_block_delta',
      'event: content_block_delta',
      'event: error',
    ]);
  });

  it('end by message_stop also where the upstream forgets it', async () => {
    const events = [
      messageStart(),
      blockStart(0),
      textDelta('Hi'),
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    ];
    gateway.anthropic.script(replays(ANTHROPIC_STREAM_TYPE, events.map(anthropicEvent).join('')));
    const stream = await readMessage(askMessages(gateway, { model: 'claude' }));
    expect(stream.terminal).toBe('done');
  });

  it('are taken up behind a break with blocks that go on counting', async () => {
    await gateway.close();
    gateway = await Gateway.start({
      models: [
        {
          id: 'm',
          recovery: 'always',
          targets: ['anthropic/a', { backend: 'anthropic', model: 'b', prefill: true }],
        },
      ],
    });
    gateway.anthropic.script(
      anthropic.streamsTextThenCuts(['Hel']),
      anthropic.streamsText(['lo', '!']),
    );
    const stream = await readMessage(askMessages(gateway, { model: 'm' }));
    expect(blocksOf(stream)).toEqual([{ type: 'text', text: 'Hello!' }]);
    expect(endOf(stream)).toMatchObject({ delta: { stop_reason: 'end_turn' } });
    expect(gateway.anthropic.requests[1]!.body['messages']).toEqual([
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hel' },
    ]);
  });

  it('give way to an upstream of another kind, which has no reasoning of theirs', async () => {
    await gateway.close();
    gateway = await Gateway.start({
      models: [{ id: 'm', targets: ['anthropic/a', 'openai/b'] }],
    });
    gateway.anthropic.script(failsWith(529, anthropicError('Overloaded', 'overloaded_error')));
    gateway.openai.script(openAi.streamsText(['Hello']));
    const stream = await readMessage(askMessages(gateway, { model: 'm' }));
    expect(blocksOf(stream)).toEqual([{ type: 'text', text: 'Hello' }]);
  });

  it.each([
    [400, 'invalid_request_error', 'messages.1: `tool_use` ids were found without `tool_result`'],
    [400, 'invalid_request_error', 'prompt is too long: 215000 tokens > 200000 maximum'],
    [413, 'request_too_large', 'Request exceeds the maximum size'],
  ])(
    'tell a caller its mistake in the words of the upstream: %i %s',
    async (status, type, words) => {
      gateway.anthropic.script(failsWith(status, anthropicError(words, type)));
      const response = await askMessages(gateway, { model: 'claude' });
      expect([response.status, await response.json()]).toMatchObject([
        status,
        { type: 'error', error: { type, message: words } },
      ]);
    },
  );

  it.each([
    [401, 'authentication_error', 502, 'api_error'],
    [403, 'permission_error', 502, 'api_error'],
    [404, 'not_found_error', 502, 'api_error'],
    [429, 'rate_limit_error', 429, 'rate_limit_error'],
    [529, 'overloaded_error', 529, 'overloaded_error'],
    [500, 'api_error', 502, 'api_error'],
  ])('keep what is the operator’s to themselves: %i %s', async (status, said, told, type) => {
    gateway.anthropic.script(
      failsWith(status, anthropicError('sk-ant-upstream-secret org_1a2b3c4d', said)),
    );
    const response = await askMessages(gateway, { model: 'claude' });
    const body = await response.text();
    expect([response.status, JSON.parse(body)]).toMatchObject([told, { error: { type } }]);
    expect(body).not.toMatch(/secret|org_1a/);
  });

  it('waits for as long as the upstream says, up to a minute', async () => {
    gateway.anthropic.script(
      failsWith(429, anthropicError('Slow.', 'rate_limit_error'), { 'retry-after': '600' }),
    );
    const response = await askMessages(gateway, { model: 'claude' });
    expect(response.headers.get('retry-after')).toBe('60');
  });

  it('sends the version and betas of its caller, which its SDK chooses', async () => {
    gateway.anthropic.script(anthropic.answersText('Hello'));
    const client = new Anthropic({ baseURL: gateway.url, apiKey: 'x' });
    const answer = await client.messages.create(
      { model: 'claude', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
      { headers: { 'anthropic-beta': 'one-2026-01-01' } },
    );
    expect(answer.content).toMatchObject([{ type: 'text', text: 'Hello' }]);
    expect(gateway.anthropic.requests[0]!.headers).toMatchObject({
      'anthropic-version': '2026-10-21',
      'anthropic-beta': 'one-2026-01-01',
      'x-api-key': 'sk-ant-upstream-secret',
    });
  });

  it('passes a whole answer on as it came', async () => {
    const whole = {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x',
      content: [{ type: 'text', text: 'Hi', citations: [{ x: 1 }] }],
      stop_reason: 'pause_turn',
      x_of_tomorrow: 1,
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    gateway.anthropic.script(answers(whole));
    const response = await askMessages(gateway, { model: 'claude', stream: false });
    expect(await response.json()).toEqual(whole);
  });
});
