import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAiError } from '../support/openai-script.js';
import {
  failsWith,
  resetsBeforeHeaders,
  stallsBeforeHeaders,
} from '../support/upstream-scripts.js';

describe.each([true, false])('when nobody can answer (stream: %s)', (stream) => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.ollama.script(stream ? ollama.streamsText(['Hello']) : ollama.answersText('Hello'));
  });
  afterEach(() => gateway.close());

  const ask = (headers = {}): Promise<Response> =>
    gateway.complete({ model: 'gpt-4o', stream }, { 'x-request-id': 'mine', ...headers });
  const requests = (): number[] => [gateway.openai.requests.length, gateway.ollama.requests.length];

  it.each([
    ['a wrong field', 400, { type: 'invalid_request_error', param: 'temperature', code: null }],
    ['a code of its own', 400, { type: 'x', param: null, code: 'unsupported_value' }],
    ['filtered content', 400, { type: 'x', param: 'prompt', code: 'content_filter' }],
    ['a body that it cannot process', 422, { type: 'x', param: 'messages', code: null }],
  ])('the mistake of the caller comes back in the words of the upstream: %s', async (...row) => {
    const [, status, { type, param, code }] = row;
    gateway.openai.script(failsWith(status, openAiError('That is wrong.', { type, param, code })));
    const response = await ask();
    expect(await errorOf(response)).toEqual({
      status: 400,
      message: 'That is wrong.',
      type: 'invalid_request_error',
      param,
      code,
      requestId: 'mine',
      attempts: [
        {
          backend: 'openai',
          fault: code === 'content_filter' ? 'content_filtered' : 'invalid_request',
        },
      ],
    });
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    expect(response.headers.get('x-should-retry')).toBeNull();
    expect(response.headers.get('retry-after')).toBeNull();
    expect(requests()).toEqual([1, 0]);
    expect(await gateway.ended()).toMatchObject({ endReason: 'rejected' });
  });

  it('x-sluice-fallback: never keeps the request on its first target', async () => {
    gateway.openai.script(failsWith(429, openAiError('slow down'), { 'retry-after': '7' }));
    const response = await ask({ 'x-sluice-fallback': 'never' });
    expect(response.status).toBe(429);
    expect(response.headers.get('x-sluice-attempts')).toBe('1');
    expect(requests()).toEqual([1, 0]);
  });

  it.each([
    ['the shorter of two waits', [429, '30'], [503, '2'], 'upstream_unavailable', '2'],
    ['the first one, when it is sooner', [429, '1'], [503, '9'], 'rate_limit_exceeded', '1'],
    ['a wait rather than none that helps', [429, '50'], [404], 'rate_limit_exceeded', '50'],
    ['an unknown wait rather than a long one', [429, '30'], [500], 'upstream_unavailable', '1'],
  ] as const)('the caller is told %s', async (_, first, second, code, retryAfter) => {
    const [status, wait] = second;
    gateway.openai.script(failsWith(first[0], openAiError('no'), { 'retry-after': first[1] }));
    gateway.ollama.script(failsWith(status, { error: 'no' }, wait ? { 'retry-after': wait } : {}));
    const response = await ask();
    expect(response.status).toBe(code === 'rate_limit_exceeded' ? 429 : 502);
    expect((await errorOf(response)).code).toBe(code);
    expect(response.headers.get('retry-after')).toBe(retryAfter);
    expect(response.headers.get('retry-after-ms')).toBe(`${retryAfter}000`);
    expect(response.headers.get('x-sluice-attempts')).toBe('2');
    expect(requests()).toEqual([1, 1]);
  });

  it('a wait of less than a second is rounded up in Retry-After, and exact in ms', async () => {
    gateway.openai.script(failsWith(429, openAiError('no'), { 'retry-after-ms': '120' }));
    const response = await ask({ 'x-sluice-fallback': 'never' });
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('retry-after-ms')).toBe('120');
    expect(response.headers.get('x-should-retry')).toBe('true');
  });

  it('a wait that the upstream left empty is one that it did not name', async () => {
    gateway.openai.script(failsWith(429, openAiError('no'), { 'retry-after': '' }));
    const response = await ask({ 'x-sluice-fallback': 'never' });
    expect(response.headers.get('retry-after-ms')).toBe('1000');
  });

  it('a wait of over a minute tells the caller not to retry', async () => {
    gateway.openai.script(failsWith(429, openAiError('no'), { 'retry-after': '61' }));
    const response = await ask({ 'x-sluice-fallback': 'never' });
    expect(response.headers.get('retry-after')).toBe('61');
    expect(response.headers.get('x-should-retry')).toBe('false');
  });

  it('says whether requests or tokens are limited, as the upstream did', async () => {
    gateway.openai.script(failsWith(429, openAiError('no', { type: 'tokens' })));
    const response = await ask({ 'x-sluice-fallback': 'never' });
    expect(await errorOf(response)).toMatchObject({ type: 'tokens', code: 'rate_limit_exceeded' });
  });

  it('no word of an upstream about our account reaches the caller', async () => {
    const words = 'Incorrect API key sk-upstream-secret of org-42 at https://10.0.0.7';
    gateway.openai.script(failsWith(401, openAiError(words, { code: 'invalid_api_key' })));
    gateway.ollama.script(failsWith(401, { error: words }));
    const response = await ask();
    expect(response.status).toBe(502);
    expect(response.headers.get('x-should-retry')).toBe('false');
    const text = await response.text();
    expect(text).toContain('upstream_credentials');
    expect(text).not.toMatch(/sk-|org-42|10\.0\.0\.7/);
    expect(gateway.log.text).not.toMatch(/sk-|org-42|10\.0\.0\.7/);
  });

  it('a connection that broke twice is a 502 with the cause in the log only', async () => {
    gateway.openai.script(resetsBeforeHeaders());
    gateway.ollama.script(resetsBeforeHeaders());
    const response = await ask();
    expect(response.status).toBe(502);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await response.text()).not.toContain('ECONNRESET');
    expect(await gateway.ended()).toMatchObject({
      endReason: 'upstream_error',
      attempts: [
        { outcome: 'upstream_unavailable', cause: expect.stringMatching(/\w/) },
        { outcome: 'upstream_unavailable', cause: expect.stringMatching(/\w/) },
      ],
    });
  });

  it('a caller that leaves before the first token ends it all', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const caller = new AbortController();
    const asked = gateway.complete({ model: 'gpt-4o', stream }, {}, caller.signal);
    await gateway.openai.request(0);
    caller.abort();
    await expect(asked).rejects.toThrow('aborted');
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({
      endReason: 'client_closed',
      attempts: [{ outcome: 'cancelled' }],
    });
    expect(requests()).toEqual([1, 0]);
  });
});

describe('insufficient_quota at OpenAI', () => {
  it('is one request to OpenAI and one whole answer of Ollama', async () => {
    const gateway = await Gateway.start();
    const error = openAiError('You exceeded your current quota.', { code: 'insufficient_quota' });
    gateway.openai.script(failsWith(429, error));
    gateway.ollama.script(ollama.streamsText(['Hello']));
    const response = await gateway.complete({ model: 'gpt-4o' });
    expect(await response.text()).toContain('"Hello"');
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
    await gateway.close();
  });
});
