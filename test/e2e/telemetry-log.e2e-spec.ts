import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const MARKER = 'zebra-7f3a';
const KEY = 'sk-upstream-secret';

describe('The log', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it('has one line for a generation, with everything but what was said', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow'), { 'x-request-id': 'req_up_1' }));
    gateway.ollama.script(ollama.streamsText(['Hel', 'lo']));
    await (await gateway.complete({ model: 'gpt-4o' }, { 'x-request-id': 'mine-1' })).text();
    expect(await gateway.ended()).toEqual({
      requestId: 'mine-1',
      streamId: expect.any(String) as string,
      caller: 'anonymous',
      model: 'gpt-4o',
      target: 'ollama/llama3',
      streaming: true,
      endReason: 'completed',
      finishReason: 'stop',
      durationMs: expect.any(Number) as number,
      timeToFirstContentMs: expect.any(Number) as number,
      inputTokens: 9,
      outputTokens: 3,
      contentChunks: 2,
      attempts: [
        {
          target: 'openai/gpt-4o-2024',
          outcome: 'rate_limited',
          status: 429,
          requestId: 'req_up_1',
          ms: expect.any(Number) as number,
        },
        {
          target: 'ollama/llama3',
          outcome: 'ok',
          status: 200,
          ms: expect.any(Number) as number,
        },
      ],
    });
  });

  it('names the fault, and what the network said, of a generation that failed', async () => {
    gateway.openai.script(openAi.resetsAfter(['Hel']));
    await (await gateway.complete()).text().catch(() => undefined);
    expect(await gateway.ended()).toMatchObject({
      endReason: 'upstream_cut',
      fault: 'upstream_cut',
      attempts: [{ outcome: 'upstream_cut', cause: expect.stringMatching(/^[A-Z_]+$/) as string }],
    });
  });

  it('has a line for a plain answer as well', async () => {
    gateway.openai.script(openAi.answersText('Hello'));
    await (await gateway.complete({ stream: false })).json();
    expect(await gateway.ended()).toMatchObject({ streaming: false, endReason: 'completed' });
  });
});

describe('What was said, and our keys,', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(async () => {
    expect(gateway.log.text).not.toContain(MARKER);
    expect(gateway.log.text).not.toContain(KEY);
    await gateway.close();
  });

  it('stay out of the log of a streamed answer, on GET and POST', async () => {
    gateway.openai.script(openAi.streamsText([MARKER]));
    expect(await (await gateway.get(`/chat?message=${MARKER}`)).text()).toContain(MARKER);
    await (await gateway.complete({ messages: [{ role: 'user', content: MARKER }] })).text();
    await gateway.ended(1);
  });

  it('stay out of the log when the caller made a mistake, whose words come back to it alone', async () => {
    gateway.openai.script(
      failsWith(400, openAiError(`No ${MARKER}`, { type: 'invalid_request_error' })),
    );
    expect(await (await gateway.complete()).text()).toContain(MARKER);
    await gateway.ended();
  });

  it.each([
    ['an upstream that refuses our key and quotes it', 401],
    ['a rate limit', 429],
    ['an upstream that is down', 500],
  ])('stay out of log and error body with %s', async (_, status) => {
    gateway.openai.script(failsWith(status, openAiError(`${MARKER} ${KEY} Bearer ${KEY}`)));
    const body = await (await gateway.complete()).text();
    expect(body).not.toContain(MARKER);
    expect(body).not.toContain(KEY);
    await gateway.ended();
  });

  it('stay out of log and error frame when an event of the stream is broken', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const response = gateway.get('/chat/gpt-only?message=Hi');
    await step.next('Hel');
    await step.send(`data: {"broken ${MARKER}\n\n`);
    await step.eof();
    expect(await (await response).text()).not.toContain(MARKER);
    expect(await gateway.ended()).toMatchObject({ endReason: 'upstream_cut' });
  });

  it.each([
    ['a body that is no JSON', () => gateway.post('/v1/chat/completions', `{"a": ${MARKER}`)],
    ['a message in the wrong place', () => gateway.post('/chat', { messages: MARKER })],
    ['a path', () => gateway.get(`/nowhere?message=${MARKER}`)],
  ])('stay out of log and error body with %s', async (_, ask) => {
    expect(await (await ask()).text()).not.toContain(MARKER);
  });
});
