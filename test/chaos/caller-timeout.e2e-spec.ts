import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chatEvents } from '../support/chat-events.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';

const HEADER = 'x-sluice-timeout-ms';
const TOTAL_MS = 2000;
const messages = [{ role: 'user', content: 'Hi' }];
const completion = { model: 'gpt-only', messages };

describe('x-sluice-timeout-ms', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { totalMs: TOTAL_MS } });
  });
  afterEach(() => gateway.close());

  it.each([true, false])('ends the whole request (stream: %s)', async (stream) => {
    gateway.openai.script(stallsBeforeHeaders());
    const error = await errorOf(await gateway.complete({ stream }, { [HEADER]: '150' }));
    expect(error).toMatchObject({ status: 504, code: 'total_timeout' });
    expect(error.message).toContain('150 ms');
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({ endReason: 'total_timeout' });
  });

  it.each(['GET', 'POST'])('ends a chat that was asked for with %s', async (method) => {
    gateway.openai.script(openAi.stallsAfter(['Hel']));
    const headers = { [HEADER]: '150' };
    const response =
      method === 'GET'
        ? await gateway.get('/chat/gpt-only?message=Hi', headers)
        : await gateway.post('/chat/gpt-only', { messages }, headers);
    const events = await chatEvents(response);
    expect(events.at(-1)).toMatchObject({ type: 'failed', data: { code: 'total_timeout' } });
    expect(events.at(-1)!.data['message']).toContain('150 ms');
  });

  it('covers an answer that has begun', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const responding = gateway.complete({}, { [HEADER]: '300' });
    await step.next('Hel');
    const reader = new SseReader(await responding);
    await reader.all();
    expect(reader.raw).toContain('Hel');
    expect(reader.raw).toContain('"total_timeout"');
    expect(reader.ended).toBe('cut');
  });

  it.each([String(TOTAL_MS + 1), '99999999999', '9'.repeat(400)])(
    'never makes it longer: %s',
    async (given) => {
      gateway.openai.script(stallsBeforeHeaders());
      const error = await errorOf(await gateway.complete({}, { [HEADER]: given }));
      expect(error.code).toBe('total_timeout');
      expect(error.message).toContain(`${TOTAL_MS} ms`);
    },
  );

  it('is no hindrance to an answer that comes in time', async () => {
    gateway.openai.script(openAi.streamsText(['Hi']));
    const response = await gateway.complete({}, { [HEADER]: '1500' });
    expect(await response.text()).toContain('[DONE]');
  });

  const wrong = ['0', '-1', '1.5', '1e3', 'soon', '', '5, 6', '0x10', '+5'];
  const routes: readonly (readonly [string, string, object | undefined])[] = [
    ['a streamed completion', '/v1/chat/completions', { ...completion, stream: true }],
    ['a whole completion', '/v1/chat/completions', completion],
    ['POST /chat', '/chat', { messages }],
    ['POST /chat/{model}', '/chat/gpt-only', { messages }],
    ['GET /chat', '/chat?message=Hi', undefined],
    ['GET /chat/{model}', '/chat/gpt-only?message=Hi', undefined],
  ];
  it.each(routes)('of another kind is a 400 that names it on %s', async (_, path, body) => {
    for (const given of wrong) {
      const headers = { [HEADER]: given };
      const response = body
        ? await gateway.post(path, body, headers)
        : await gateway.get(path, headers);
      expect(await errorOf(response)).toMatchObject({ status: 400, param: HEADER });
    }
    expect(gateway.openai.requests).toHaveLength(0);
  });
});
