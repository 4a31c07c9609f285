import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BodyReader } from '../support/body-reader.js';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import {
  messageOf,
  responseOf,
  responsesApi,
  responsesEvent,
  RESPONSES_STREAM_TYPE,
} from '../support/responses-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { strictResponse, textOfResponse } from '../support/strict-response.js';
import { answers, replays } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const TOOLS = readFileSync(
  join(import.meta.dirname, '../fixtures/responses/reasoning-text-tools.sse'),
);

async function read(response: Response): Promise<BodyReader> {
  const reader = new BodyReader(response);
  await within(reader.all(), 'the stream ends');
  return reader;
}

const unnumbered = (text: string) => text.replaceAll(/"sequence_number": ?\d+/g, '"n":0');

describe('a Response of an upstream of the same API', () => {
  let upstream: ScriptedUpstream;
  let other: ScriptedUpstream;
  let gateway: Gateway;
  beforeEach(async () => {
    [upstream, other] = await Promise.all([ScriptedUpstream.start(), ScriptedUpstream.start()]);
    await start();
  });
  afterEach(async () => {
    await Promise.all([upstream.close(), other.close()]);
    await gateway.close();
  });

  async function start(settings: object = {}): Promise<void> {
    gateway = await Gateway.start({
      ...settings,
      backends: [
        { id: 'native', kind: 'openai', baseUrl: upstream.openaiUrl, responses: true },
        { id: 'ollama', kind: 'ollama', baseUrl: other.url },
      ],
      models: [
        { id: 'gpt', targets: ['native/gpt'] },
        { id: 'both', targets: ['native/gpt', 'ollama/llama3'], recovery: 'always' },
      ],
    });
  }

  const ask = (fields: object = {}) =>
    gateway.post('/v1/responses', { model: 'gpt', input: 'Hi', stream: true, ...fields });

  it('is passed on as it came, and its numbers have no gap where nothing is passed on', async () => {
    upstream.script(replays(RESPONSES_STREAM_TYPE, TOOLS));
    const { raw, ended } = await read(await ask({ tools: [{ type: 'web_search' }] }));
    const frames = TOOLS.toString('utf8')
      .split('\n\n')
      .filter((each) => each !== '');
    const passed = frames.filter((each) => !each.startsWith('event: keepalive'));
    expect(unnumbered(raw).replaceAll(' ', '')).toBe(
      unnumbered(`${passed.join('\n\n')}\n\n`).replaceAll(' ', ''),
    );
    // Up to the first event that is left out: to the byte.
    expect(raw.startsWith(passed.slice(0, 11).join('\n\n'))).toBe(true);
    const numbers = [...raw.matchAll(/"sequence_number": ?(\d+)/g)].map(([, n]) => Number(n));
    expect(numbers).toEqual([...numbers.keys()]);
    expect(ended).toBe('clean');
    expect(upstream.requests[0]!.body).toMatchObject({ tools: [{ type: 'web_search' }] });
    expect(await gateway.ended()).toMatchObject({ dialect: 'responses', endReason: 'completed' });
  });

  it('is whole as it came, too', async () => {
    const whole = { ...responseOf([messageOf('Hello')]), x_new: 1 };
    upstream.script(answers(whole));
    expect(await (await ask({ stream: false })).json()).toEqual(whole);
  });

  it('that is cut has its own id in response.failed, and an unclean end', async () => {
    upstream.script(responsesApi.streamsTextThenCuts(['Hel', 'lo']));
    const reader = await read(await ask());
    const stream = strictResponse(reader.raw, reader.ended!, true);
    expect([textOfResponse(stream), stream.terminal]).toEqual(['Hello', 'failed']);
    expect(reader.raw).toMatch(/event: response\.failed\n.*"id":"resp_upstream"/);
    await expect(
      new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'x', maxRetries: 0 }).responses
        .stream({ model: 'gpt', input: 'Hi' })
        .finalResponse(),
    ).rejects.toThrow('cut before its end');
  });

  it('gives way to another target when it fails as its second event, as OpenAI’s quota does', async () => {
    upstream.script(
      replays(
        RESPONSES_STREAM_TYPE,
        [
          { type: 'response.created', sequence_number: 0, response: { id: 'resp_1' } },
          {
            type: 'error',
            sequence_number: 1,
            error: {
              type: 'insufficient_quota',
              code: 'insufficient_quota',
              message: 'None left.',
            },
          },
        ]
          .map((event) => responsesEvent(event))
          .join(''),
      ),
    );
    other.script(ollama.streamsText(['Hello']));
    const reader = await read(await ask({ model: 'both' }));
    const stream = strictResponse(reader.raw, reader.ended!);
    expect([textOfResponse(stream), stream.terminal]).toEqual(['Hello', 'done']);
    expect(reader.raw).not.toContain('resp_1');
  });

  it('goes on under the id that its caller was told, where the stream was opened before', async () => {
    await gateway.close();
    await start({ streams: { commitAfterMs: 20, heartbeatMs: 60_000 } });
    const step = responsesApi.stepper();
    upstream.script(step.script);
    const reader = new BodyReader(await within(ask(), 'the commit'));
    const opened = await reader.next();
    await step.next('Hel');
    await step.next('lo');
    await step.finish();
    await within(reader.all(), 'the stream ends');
    const stream = strictResponse(reader.raw, reader.ended!);
    expect([textOfResponse(stream), stream.terminal]).toEqual(['Hello', 'done']);
    expect(opened).toMatch(/^event: response\.created\n/);
    expect(reader.raw).not.toContain('resp_upstream');
  });

  it('that breaks off is not joined to another attempt: nothing of it is kept', async () => {
    upstream.script(responsesApi.streamsTextThenCuts(['Hel', 'lo']));
    other.script(ollama.streamsText(['Hello']));
    const reader = await read(await ask({ model: 'both' }));
    const stream = strictResponse(reader.raw, reader.ended!, true);
    expect(stream.terminal).toBe('failed');
  });

  it('is nothing to callers of other dialects, who are answered over Chat Completions', async () => {
    upstream.script(openAi.streamsText(['Hello']));
    const { text, done } = await readCompletion(await gateway.complete({ model: 'gpt' }));
    expect([text, done]).toEqual(['Hello', true]);
    expect(upstream.requests[0]!.path).toBe('/v1/chat/completions');
  });
});
