import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAiError } from '../support/openai-script.js';
import {
  argumentsDelta,
  beginning,
  callItem,
  ending,
  itemAdded,
  itemDone,
  messageItem,
  partAdded,
  responses,
  RESPONSES_STREAM_TYPE,
  streamOf,
  textDelta,
} from '../support/responses-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { failsWith, replays } from '../support/upstream-scripts.js';
import { areClientsMissing } from './installed.js';

const { CLIENTS } = areClientsMissing() ? { CLIENTS: [] } : await import('./clients.js');
const OF_RESPONSES = CLIENTS.filter(({ route }) => route === '/v1/responses');

const SEALED = {
  id: 'rs_1',
  type: 'reasoning',
  summary: [{ type: 'summary_text', text: 'Hm.' }],
  encrypted_content: 'gAAAAABsealed',
};
const CALL = callItem('{"city":"Bern"}', 1, 'weather');
const HELLO = messageItem('Hello');
const PART = { item_id: 'rs_1', output_index: 0, summary_index: 0 };

/** Sealed reasoning "Hm.". */
const THOUGHT = [
  ...beginning(),
  itemAdded(0, { ...SEALED, summary: [] }),
  {
    type: 'response.reasoning_summary_part.added',
    ...PART,
    part: { type: 'summary_text', text: '' },
  },
  { type: 'response.reasoning_summary_text.delta', ...PART, delta: 'Hm.' },
  { type: 'response.reasoning_summary_text.done', ...PART, text: 'Hm.' },
  { type: 'response.reasoning_summary_part.done', ...PART, part: SEALED.summary[0] },
  itemDone(0, SEALED),
];

/** With the text "Hello" behind it. */
const THINKS = streamOf(
  ...THOUGHT,
  itemAdded(1, { ...HELLO, status: 'in_progress', content: [] }),
  partAdded('msg_1', 1),
  textDelta('Hello', 'msg_1', 1),
  itemDone(1, HELLO),
  ending([SEALED, HELLO]),
);

/** With a call of `weather` with the city Bern. */
const CALLS = streamOf(
  ...THOUGHT,
  itemAdded(1, { ...CALL, status: 'in_progress', arguments: '' }),
  argumentsDelta('{"city":', 'fc_1', 1),
  argumentsDelta('"Bern"}', 'fc_1', 1),
  {
    type: 'response.function_call_arguments.done',
    item_id: 'fc_1',
    output_index: 1,
    arguments: CALL['arguments'],
  },
  itemDone(1, CALL),
  ending([SEALED, CALL]),
);

describe.each(OF_RESPONSES)('$name, over an upstream with Responses', (client) => {
  let gateway: Gateway;
  let upstream: ScriptedUpstream;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    gateway = await Gateway.start({
      backends: [{ id: 'native', kind: 'openai', baseUrl: upstream.openaiUrl, responses: true }],
      models: [{ id: 'gpt', targets: ['native/gpt-5'] }],
    });
  });
  afterEach(async () => {
    await gateway.close();
    await upstream.close();
  });

  it('streams a text, piece by piece', async () => {
    upstream.script(responses.streamsText(['Hel', 'lo', ' 👩‍💻']));
    const pieces: string[] = [];
    const { text } = await client.stream(gateway.url, 'gpt', (piece) => pieces.push(piece));
    expect([text, pieces.length > 1]).toEqual(['Hello 👩‍💻', true]);
    expect(upstream.requests[0]!.path).toBe('/v1/responses');
  });

  it('tells reasoning from text', async () => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, THINKS));
    expect(await client.stream(gateway.url, 'gpt')).toEqual({ text: 'Hello', reasoning: 'Hm.' });
  });

  it('has a tool called, and a second turn with what it said', async () => {
    upstream.script(
      replays(RESPONSES_STREAM_TYPE, CALLS),
      responses.streamsText(['It is', ' sunny.']),
    );
    expect(await client.useTool(gateway.url, 'gpt')).toBe('It is sunny.');
    const { body } = upstream.requests[1]!;
    expect(JSON.stringify(body['input'])).toContain('sunny');
    expect(body['store']).toBe(false);
  });

  it.each([
    ['is cut', responses.streamsTextThenCuts(['Hel'])],
    ['just ends', responses.streamsTextThenEnds(['Hel'])],
    ['is reset', responses.resetsAfter(['Hel'])],
    ['fails', responses.inBandError({ code: 'server_error', message: 'No.' }, ['Hel'])],
  ])('takes no answer that %s for a whole one', async (_, script) => {
    upstream.script(script);
    const pieces: string[] = [];
    const streaming = client.stream(gateway.url, 'gpt', (piece) => pieces.push(piece));
    await expect(streaming).rejects.toBeInstanceOf(Error);
    expect([pieces.join(''), upstream.requests.length]).toEqual(['Hel', 1]);
  });

  it('says what the upstream has against a request', async () => {
    const refusal = openAiError('There is no such voice.', { type: 'invalid_request_error' });
    upstream.script(failsWith(400, refusal));
    await expect(client.stream(gateway.url, 'gpt')).rejects.toThrow('no such voice');
  });
});
