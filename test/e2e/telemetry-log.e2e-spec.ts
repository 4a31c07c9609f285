import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

describe('the log', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it('has one line for a generation, with everything but what was said', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow'), { 'x-request-id': 'req_up_1' }));
    gateway.ollama.script(async (exchange) => {
      // What takes no time at all is no gap.
      await pause(5);
      await ollama.streamsText(['Hel', 'lo'])(exchange);
    });
    await (await gateway.complete({ model: 'gpt-4o' }, { 'x-request-id': 'mine-1' })).text();
    // Strictly: on a terminal a field that is `undefined` would be shown.
    expect(await gateway.ended()).toStrictEqual({
      requestId: 'mine-1',
      streamId: expect.any(String) as string,
      caller: 'anonymous',
      address: '127.0.0.1',
      dialect: 'chat-completions',
      model: 'gpt-4o',
      target: 'ollama/llama3',
      streaming: true,
      endReason: 'completed',
      finishReason: 'stop',
      durationMs: expect.any(Number) as number,
      timeToFirstContentMs: expect.any(Number) as number,
      inputTokens: 9,
      outputTokens: 3,
      contentParts: 2,
      waitedMs: expect.any(Object) as object,
      longestGapMs: expect.any(Number) as number,
      longestGapOn: expect.any(String) as string,
      attempts: [
        {
          target: 'openai/gpt-4o-2024',
          outcome: 'rate_limited',
          status: 429,
          requestId: 'req_up_1',
          code: 'server_error',
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

  it('has the codes and the account of an upstream that refuses, and no sentence of it', async () => {
    const message =
      'Project `proj_9f8e7d6c5b` in organization org-1a2b3c4d5e6f does not have access to that model';
    gateway.openai.script(
      failsWith(
        403,
        openAiError(message, { type: 'invalid_request_error', code: 'model_not_found' }),
      ),
    );
    const answer = await (await gateway.complete()).text();
    expect(await gateway.ended()).toMatchObject({
      attempts: [
        {
          outcome: 'upstream_model_missing',
          code: 'model_not_found invalid_request_error',
          account: 'proj_9f8e7d6c5b',
        },
      ],
    });
    expect(gateway.log.text).not.toContain('that model');
    expect(answer).not.toMatch(/proj_|org-/);
  });

  it('has the words that the operator’s fault is known by, and nothing around them', async () => {
    const message = 'Hi! Your credit balance is too low to access the API. You asked: zebra';
    gateway.openai.script(failsWith(400, openAiError(message)));
    const answer = await (await gateway.complete()).text();
    expect(await gateway.ended()).toMatchObject({
      attempts: [{ outcome: 'quota_exhausted', said: 'credit balance is too low' }],
    });
    expect(gateway.log.text).not.toContain('zebra');
    expect(answer).not.toContain('balance');
  });

  it('keeps the account out of what a caller is told of its own mistake', async () => {
    const message = 'Field x is not allowed for organization org-1a2b3c4d5e6f.';
    gateway.openai.script(failsWith(400, openAiError(message)));
    const answer = await (await gateway.complete()).text();
    expect(answer).toContain('Field x is not allowed for organization [account].');
    expect(await gateway.ended()).toMatchObject({ attempts: [{ account: 'org-1a2b3c4d5e6f' }] });
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

  it('says what a cut upstream had answered, and under which id', async () => {
    gateway.openai.script(
      openAi.streamsTextThenEnds(['Hel'], { headers: { 'x-request-id': 'req_up_2' } }),
    );
    await (await gateway.get('/chat/gpt-only?message=Hi')).text();
    expect(await gateway.ended()).toMatchObject({
      endReason: 'upstream_cut',
      contentParts: 1,
      attempts: [{ outcome: 'upstream_cut', status: 200, requestId: 'req_up_2' }],
    });
  });

  it('has no target for a generation that nobody answered', async () => {
    gateway.openai.script(failsWith(401, openAiError('no')));
    await (await gateway.get('/chat/gpt-only?message=Hi', { 'x-request-id': 'bad id!' })).text();
    const line = await gateway.ended();
    expect(line).toMatchObject({ endReason: 'upstream_error', fault: 'upstream_credentials' });
    expect(line).not.toHaveProperty('target');
    expect(line).not.toHaveProperty('timeToFirstContentMs');
    // Ours, as the caller's is none.
    expect(line['requestId']).toMatch(/^[\w-]{36}$/);
  });
});
