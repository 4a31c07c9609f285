import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/contract/gateway-error.js';
import type { JsonObject } from '../../src/contract/json.js';
import { responses } from '../../src/http/dialects/responses/dialect.js';
import {
  anthropic,
  anthropicEvent,
  ANTHROPIC_STREAM_TYPE,
  blockDelta,
  blockStart,
  blockStop,
  MESSAGE_STOP,
  messageDelta,
  messageStart,
} from '../support/anthropic-script.js';
import { BodyReader } from '../support/body-reader.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { strictResponse } from '../support/strict-response.js';
import { failsWith, replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';
import { generationRecord } from '../support/generation-record.js';

/** As codex-rs builds it. */
const CODEX = {
  instructions: 'You are a coding agent.',
  tools: [
    {
      type: 'function',
      name: 'shell',
      description: 'Runs a command.',
      strict: false,
      parameters: { type: 'object', properties: { command: { type: 'array' } } },
    },
  ],
  tool_choice: 'auto',
  parallel_tool_calls: true,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: 'session-1',
  text: { verbosity: 'medium' },
};

const USER = {
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text: 'List the files.' }],
};

const RECORD = generationRecord({ dialect: 'responses' });

const encoder = () =>
  responses.encoder(responses.read({ model: 'gpt', input: 'Hi' }, {}).options, RECORD);

const kept = (n: number) =>
  `event: keepalive\ndata: {"type":"keepalive","sequence_number":${n}}\n\n`;

/** What Codex was published to need of whoever speaks Responses to it. */
describe('Codex', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.anthropic.script(
      replays(
        ANTHROPIC_STREAM_TYPE,
        [
          messageStart(),
          blockStart(0, { type: 'thinking', thinking: '', signature: '' }),
          blockDelta(0, { type: 'thinking_delta', thinking: 'Hm.' }),
          blockDelta(0, { type: 'signature_delta', signature: 'c2ln' }),
          blockStop(0),
          blockStart(1, { type: 'tool_use', id: 'toolu_1', name: 'shell', input: {} }),
          blockDelta(1, { type: 'input_json_delta', partial_json: '{"command":["ls"]}' }),
          blockStop(1),
          messageDelta('tool_use'),
          MESSAGE_STOP,
        ]
          .map((event) => anthropicEvent({ ...event }))
          .join(''),
      ),
    );
  });
  afterEach(() => gateway.close());

  async function turn(input: readonly object[], model = 'claude'): Promise<readonly JsonObject[]> {
    const response = await gateway.post('/v1/responses', { ...CODEX, model, input });
    expect(response.status).toBe(200);
    const reader = new BodyReader(response);
    await reader.all();
    strictResponse(reader.raw, 'clean');
    return reader.raw
      .split('\n\n')
      .flatMap((frame) => /^data: (.*)$/m.exec(frame)?.[1] ?? [])
      .map((data) => JSON.parse(data) as JsonObject);
  }

  it('builds its history of whole items, and gives the signature back in its second turn', async () => {
    const events = await turn([USER]);
    const items = events.flatMap(({ type, item }) =>
      type === 'response.output_item.done' ? [item as JsonObject] : [],
    );
    expect(items).toMatchObject([
      {
        type: 'reasoning',
        summary: [{ text: 'Hm.' }],
        encrypted_content: expect.stringMatching(/^sluice\./) as string,
      },
      { type: 'function_call', call_id: 'toolu_1', name: 'shell', arguments: '{"command":["ls"]}' },
    ]);
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: {
        id: expect.stringMatching(/^resp_/) as string,
        usage: {
          input_tokens: 9,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens_details: { reasoning_tokens: 0 },
        },
      },
    });
    // It sends no ids and no status back.
    const history = items.map(({ id: _id, status: _status, ...item }) => item);
    const output = { type: 'function_call_output', call_id: 'toolu_1', output: 'README.md' };
    await turn([USER, ...history, output]);
    const { body } = gateway.anthropic.requests[1]!;
    expect(body['messages']).toMatchObject([
      { role: 'user' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'tool_use', id: 'toolu_1', input: { command: ['ls'] } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1' }] },
    ]);
  });

  it.each([
    ['openai', 'gpt-only', openAi.streamsText(['Hel', 'lo'])],
    ['ollama', 'llama3', ollama.streamsText(['Hel', 'lo'])],
    ['anthropic', 'claude', anthropic.streamsText(['Hel', 'lo'])],
  ] as const)('is answered by %s, which reads nothing but its own', async (id, model, script) => {
    gateway[id].script(script);
    const events = await turn([USER], model);
    expect(events.slice(-2)).toMatchObject([
      { type: 'response.output_item.done', item: { content: [{ text: 'Hello' }] } },
      { type: 'response.completed' },
    ]);
    const { body } = gateway[id].requests[0]!;
    expect(JSON.stringify(body)).toContain('You are a coding agent.');
    expect(JSON.stringify(body['tools'])).toContain('Runs a command.');
    for (const name of ['input', 'instructions', 'include', 'text', 'store', 'reasoning']) {
      expect(body).not.toHaveProperty(name);
    }
  });

  it.each<[string, RegExp, UpstreamScript]>([
    [
      'context_length_exceeded',
      /too long/,
      failsWith(400, openAiError('It is too long.', { code: 'context_length_exceeded' })),
    ],
    [
      'insufficient_quota',
      /./,
      failsWith(429, openAiError('Pay first.', { code: 'insufficient_quota' })),
    ],
    [
      'rate_limit_exceeded',
      /try again in 1\.5s/,
      failsWith(429, openAiError('Not so fast.', { code: 'rate_limit_exceeded' }), {
        'retry-after-ms': '1500',
      }),
    ],
    ['server_error', /./, failsWith(500, openAiError('No.'))],
  ])('reads %s in its stream, where that was opened before', async (code, words, refuses) => {
    await gateway.close();
    gateway = await Gateway.start({ streams: { commitAfterMs: 20 } });
    const opened = Promise.withResolvers<void>();
    gateway.openai.script(async (exchange) => {
      await opened.promise;
      await refuses(exchange);
    });
    const asked = { ...CODEX, model: 'gpt-only', input: [USER] };
    const response = await gateway.post('/v1/responses', asked);
    expect(response.status).toBe(200);
    opened.resolve();
    const reader = new BodyReader(response);
    await within(reader.all(), 'the stream ends');
    strictResponse(reader.raw, 'cut');
    const data = /^event: response\.failed\ndata: (.*)$/m.exec(reader.raw)![1]!;
    expect(JSON.parse(data)).toMatchObject({
      response: { error: { code, message: expect.stringMatching(words) as string } },
    });
  });

  it('is kept awake by an event a minute, and comments in between', () => {
    const one = encoder();
    // Its stream was opened without content: that is what the first fill is.
    expect(one.heartbeat(15_000)).toMatch(/^event: response\.created\n/);
    const fills = [30, 45, 60, 75, 90, 105, 120].map((s) => one.heartbeat(s * 1000));
    const comment = ': keepalive\n\n';
    expect(fills).toEqual([comment, comment, kept(2), comment, comment, comment, kept(3)]);
    // Content begins silence anew.
    one.encode({ parts: [{ type: 'text-delta', text: 'Hi' }] }, []);
    expect(one.heartbeat(59_000)).toBe(comment);
    expect(one.heartbeat(61_000)).toBe(kept(7));
  });

  it.each([
    ['context_too_long', {}, 'context_length_exceeded', 'x'],
    ['quota_exhausted', {}, 'insufficient_quota', 'x'],
    ['budget_exhausted', {}, 'insufficient_quota', 'x'],
    ['rate_limited', { retryAfterMs: 1500 }, 'rate_limit_exceeded', 'x Please try again in 1.5s.'],
    ['upstream_cut', {}, 'server_error', 'x'],
  ] as const)('reads of %s in response.failed', (fault, options, code, message) => {
    const frame = encoder().failureFrame(new GatewayError(fault, 'x', options), {
      requestId: 'req-1',
    });
    const data = /^event: response\.failed\ndata: (.*)$/m.exec(frame)![1]!;
    expect(JSON.parse(data)).toMatchObject({
      response: { status: 'failed', error: { code, message } },
    });
  });

  it('is answered when it asks for models by its version', async () => {
    const response = await gateway.get('/v1/models?client_version=0.99.0');
    expect([response.status, await response.json()]).toMatchObject([200, { object: 'list' }]);
  });
});
