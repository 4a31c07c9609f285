import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { BodyReader } from '../support/body-reader.js';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import {
  beginning,
  callItem,
  response,
  responses,
  RESPONSES_STREAM_TYPE,
  streamOf,
} from '../support/responses-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { strictResponse, textOfResponse } from '../support/strict-response.js';
import { answers, replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/responses');
const bytesOf = (name: string) => readFileSync(join(FIXTURES, `${name}.sse`));

function eventsIn(raw: string): JsonObject[] {
  return raw
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as JsonObject)
    .filter(({ type }) => type !== 'keepalive');
}

describe('Responses over an upstream that has them', () => {
  let gateway: Gateway;
  let upstream: ScriptedUpstream;
  let next: ScriptedUpstream;
  beforeEach(async () => {
    [upstream, next] = await Promise.all([ScriptedUpstream.start(), ScriptedUpstream.start()]);
    gateway = await Gateway.start({
      backends: [
        { id: 'native', kind: 'openai', baseUrl: upstream.openaiUrl, responses: true },
        { id: 'chat', kind: 'openai', baseUrl: next.openaiUrl },
      ],
      models: [
        { id: 'gpt', targets: ['native/gpt-5', 'chat/gpt-4o'] },
        { id: 'storeless', targets: [{ backend: 'native', model: 'gpt-5', drop: ['store'] }] },
      ],
    });
  });
  afterEach(async () => {
    await gateway.close();
    await Promise.all([upstream.close(), next.close()]);
  });

  async function read(fields: JsonObject = {}): Promise<BodyReader> {
    const body = { model: 'gpt', input: 'Hi', stream: true, ...fields };
    const reader = new BodyReader(await gateway.post('/v1/responses', body));
    await within(reader.all(), 'the stream ends');
    return reader;
  }

  it.each([
    'reasoning-text-calls',
    'hosted-and-custom-tools',
    'refusal',
    'incomplete-length',
    'incomplete-filter',
    'crlf-no-event-lines',
  ])('pass on all of %s, event by event', async (name) => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf(name)));
    const { raw, ended } = await read({ tools: [{ type: 'web_search' }] });
    expect([eventsIn(raw), ended]).toEqual([eventsIn(bytesOf(name).toString()), 'clean']);
    expect(raw.match(/^event: /gm)).toHaveLength(eventsIn(raw).length);
    expect(upstream.requests[0]).toMatchObject({
      path: '/v1/responses',
      body: { model: 'gpt-5', input: 'Hi', tools: [{ type: 'web_search' }], store: false },
    });
  });

  it.each(['gpt', 'storeless'])('say once that nothing is kept, by target %s', async (model) => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf('refusal')));
    const body = { model, input: 'Hi', stream: true, store: true };
    const answer = await gateway.post('/v1/responses', body);
    await answer.text();
    expect(answer.headers.get('x-sluice-ignored')).toBe('store');
  });

  it('are numbered without a gap where keep-alives are left out', async () => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf('keepalive')));
    const { raw } = await read();
    const numbers = eventsIn(raw).map((event) => event['sequence_number']);
    expect(numbers).toEqual([...numbers.keys()]);
  });

  it.each([
    ['llama-cpp-text', 'they burn for ever, but bright.'],
    ['llama-cpp-tool-call', 'every'],
    ['llama-cpp-call-cut-off', 'every'],
    ['llama-cpp-thinking', ''],
    ['deltas-only', 'Let me see 👩‍💻.'],
    ['whole-items-only', 'Let me see 👩‍💻.'],
  ])('are as clients expect them where %s is not', async (name, text) => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf(name)));
    const { raw, ended } = await read();
    expect(textOfResponse(strictResponse(raw, ended!))).toContain(text);
  });

  it('never show an answer that its limit cut off as complete', async () => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf('llama-cpp-call-cut-off')));
    expect(eventsIn((await read()).raw).at(-1)).toMatchObject({
      type: 'response.incomplete',
      response: { incomplete_details: { reason: 'max_output_tokens' } },
    });
  });

  it('are read by OpenAI’s own client, which throws at anything odd', async () => {
    const client = new OpenAI({ apiKey: 'x', baseURL: `${gateway.url}/v1`, maxRetries: 0 });
    for (const name of ['reasoning-text-calls', 'whole-items-only', 'llama-cpp-tool-call']) {
      upstream.script(replays(RESPONSES_STREAM_TYPE, bytesOf(name)));
      const stream = client.responses.stream({ model: 'gpt', input: 'Hi' });
      const final = await within(stream.finalResponse(), 'the stream ends');
      expect(final.output.map(({ type }) => type)).toContain('function_call');
      expect(final.output_text).not.toBe('');
    }
  });

  it('hold no frames that the name of an event smuggles in', async () => {
    const type = 'response.x\n\nevent: response.completed\ndata: {"type":"response.completed"}\n\n';
    const frames = bytesOf('reasoning-text-calls')
      .toString()
      .split(/(?<=\n\n)/u);
    const smuggled = `data: ${JSON.stringify({ type })}\n\n`;
    const body = [...frames.slice(0, -1), smuggled, ...frames.slice(-1)].join('');
    upstream.script(replays(RESPONSES_STREAM_TYPE, body));
    const { raw } = await read();
    expect(raw.match(/^event: response\.completed$/gmu)).toHaveLength(1);
    expect(eventsIn(raw)).toEqual(eventsIn(bytesOf('reasoning-text-calls').toString()));
  });

  it('go to the next target when the upstream fails behind its first events', async () => {
    const error = { code: 'insufficient_quota', message: 'No more.' };
    const failed = {
      type: 'response.failed',
      response: { ...response([]), status: 'failed', error },
    };
    upstream.script(replays(RESPONSES_STREAM_TYPE, streamOf(...beginning(), failed)));
    next.script(openAi.streamsText(['Hel', 'lo']));
    const { raw, ended } = await read();
    expect(textOfResponse(strictResponse(raw, ended!))).toBe('Hello');
    expect(raw).not.toContain('insufficient_quota');
  });

  it('are cut where the upstream is, and say so', async () => {
    for (const script of [
      responses.streamsTextThenEnds(['Hel']),
      responses.streamsTextThenCuts(['Hel']),
      responses.inBandError({ code: 'server_error', message: 'sk-secret' }, ['Hel']),
    ]) {
      upstream.script(script);
      const { raw, ended } = await read();
      expect(strictResponse(raw, ended!, true).terminal).toBe('failed');
      expect(raw).not.toContain('sk-secret');
    }
  });

  it('come whole, too', async () => {
    const json = response([{ type: 'web_search_call', id: 'ws_1' }, callItem('{}')]);
    upstream.script(answers(json));
    const body = { model: 'gpt', input: 'Hi', tools: [{ type: 'web_search' }] };
    expect(await (await gateway.post('/v1/responses', body)).json()).toEqual(json);
  });

  it('leave other callers of the same backend where they were', async () => {
    upstream.script(openAi.streamsText(['Hel', 'lo']));
    const completion = await readCompletion(await gateway.complete({ model: 'gpt' }));
    expect(completion).toMatchObject({ text: 'Hello', done: true });
    expect(upstream.requests[0]!.path).toBe('/v1/chat/completions');
  });

  it('go on under the id that their caller was told, where the stream was opened before', async () => {
    await gateway.close();
    gateway = await Gateway.start({
      backends: [{ id: 'native', kind: 'openai', baseUrl: upstream.openaiUrl, responses: true }],
      models: [{ id: 'gpt', targets: ['native/gpt-5'] }],
      streams: { commitAfterMs: 20, heartbeatMs: 60_000 },
    });
    const step = responses.stepper();
    upstream.script(step.script);
    const asking = gateway.post('/v1/responses', { model: 'gpt', input: 'Hi', stream: true });
    const reader = new BodyReader(await within(asking, 'the commit'));
    const opened = (await reader.next()) ?? '';
    for (const token of ['Hel', 'lo']) await step.next(token);
    await step.finish();
    await within(reader.all(), 'the stream ends');
    const stream = strictResponse(reader.raw, reader.ended!);
    expect([textOfResponse(stream), stream.terminal]).toEqual(['Hello', 'done']);
    const [, id] = /"id":"(resp_[0-9a-f]{32})"/.exec(opened)!;
    expect(eventsIn(reader.raw).at(-1)).toMatchObject({ response: { id } });
  });

  it('that break off are not joined to another attempt: nothing of them is kept', async () => {
    await gateway.close();
    gateway = await Gateway.start({
      backends: [
        { id: 'native', kind: 'openai', baseUrl: upstream.openaiUrl, responses: true },
        { id: 'chat', kind: 'openai', baseUrl: next.openaiUrl },
      ],
      models: [{ id: 'gpt', targets: ['native/gpt-5', 'chat/gpt-4o'], recovery: 'always' }],
    });
    upstream.script(responses.streamsTextThenCuts(['Hel', 'lo']));
    next.script(openAi.streamsText(['Hello']));
    const { raw, ended } = await read();
    expect(strictResponse(raw, ended!, true).terminal).toBe('failed');
  });
});
