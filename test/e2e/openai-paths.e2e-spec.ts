import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

describe('the paths under /v1', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const send = (method: string, path: string): Promise<Response> =>
    fetch(gateway.url + path, { method, headers: { 'x-request-id': 'mine' } });

  it('list the configured models', async () => {
    const response = await gateway.get('/v1/models');
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      object: 'list',
      data: ['gpt-4o', 'gpt-only', 'llama3', 'team/gpt'].map((id) => ({
        id,
        object: 'model',
        created: 0,
        owned_by: 'sluice',
      })),
    });
  });

  it.each(['/v1/models/team/gpt', '/v1/models/team%2Fgpt', '/v1/models/gpt-4o'])(
    'tell of one model at %s',
    async (path) => {
      const id = path.includes('team') ? 'team/gpt' : 'gpt-4o';
      const response = await gateway.get(path);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ id, object: 'model' });
    },
  );

  it.each(['/v1/models/nope', '/v1/models/team', '/v1/models/team/gpt/more'])(
    'have no model at %s',
    async (path) => {
      const error = await errorOf(await send('GET', path));
      expect(error).toMatchObject({ status: 404, code: 'model_not_found', param: 'model' });
    },
  );

  it('take a percent sign that encodes nothing for the mistake that it is', async () => {
    expect(await errorOf(await send('GET', '/v1/models/%E0%A4%A'))).toMatchObject({ status: 400 });
  });

  it.each([
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/chat/completions', 'POST'],
    ['PATCH', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/chat/completions', 'POST'],
    ['GET', '/v1/chat/completions/', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/team/gpt', 'GET, HEAD'],
  ])('answer %s %s with 405 and what is allowed', async (method, path, allow) => {
    const response = await send(method, path);
    expect(response.headers.get('allow')).toBe(allow);
    const { status, message } = await errorOf(response);
    expect([status, message]).toEqual([405, expect.stringContaining(allow)]);
  });

  it('answer HEAD without a body', async () => {
    const refused = await send('HEAD', '/v1/chat/completions');
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await send('HEAD', '/v1/models')).status).toBe(200);
  });

  it.each([
    ['POST', '/v1/responses', /chat\.completions\.create/],
    ['POST', '/v1/messages', /OpenAI SDK/],
    ['POST', '/v1/completions', /chat\.completions\.create/],
    ['POST', '/v1/embeddings', /provider/],
    ['GET', '/v1/responses/resp_1', /\/v1\/chat\/completions/],
    ['POST', '/v1/images/generations', /\/v1\/chat\/completions/],
    ['GET', '/v1/files', /\/v1\/models/],
    ['GET', '/v1', /\/v1\/models/],
    ['POST', '/v1/chat', /\/v1\/chat\/completions/],
    ['POST', '/v1/v1/chat/completions', /\/v1\/chat\/completions/],
    ['GET', '/v1/responses/', /chat\.completions\.create/],
    ['POST', '/v1/chat/completions/x', /\/v1\/chat\/completions/],
  ])('answer %s %s with 404 and what to use instead', async (method, path, instead) => {
    const error = await errorOf(await send(method, path));
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error' });
    expect(error.message).toMatch(instead);
  });

  it('answer a body that is sent to the wrong path, too', async () => {
    const good = await gateway.post('/v1/responses', { model: 'gpt-4o', input: 'Hi' });
    expect((await errorOf(good)).status).toBe(404);
    const broken = await gateway.post('/v1/responses', '{"broken');
    expect((await errorOf(broken)).status).toBe(404);
    expect(gateway.openai.requests).toHaveLength(0);
  });
});

describe('the path of Chat Completions', () => {
  it('is the same with a slash at its end or a query behind it', async () => {
    const gateway = await Gateway.start();
    gateway.openai.script(openAi.answersText('Hi'));
    const body = { model: 'gpt-only', messages: [{ role: 'user', content: 'Hi' }] };
    for (const path of ['/v1/chat/completions/', '/v1/chat/completions?api-version=1']) {
      expect((await gateway.post(path, body)).status).toBe(200);
    }
    expect(gateway.openai.requests.map(({ path }) => path)).toEqual([
      '/v1/chat/completions',
      '/v1/chat/completions',
    ]);
    await gateway.close();
  });
});
