import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';
import { within } from '../support/within.js';

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
      data: ['gpt-4o', 'gpt-only', 'llama3', 'claude', 'team/gpt'].map((id) => ({
        id,
        object: 'model',
        created: 0,
        owned_by: 'sluice',
        // For clients of Anthropic.
        type: 'model',
        display_name: id,
        created_at: '1970-01-01T00:00:00.000Z',
      })),
      has_more: false,
      first_id: 'gpt-4o',
      last_id: 'team/gpt',
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
    ['POST', '/v1/v1/messages', /Anthropic's clients add that.* http:\/\/127\.0\.0\.1:\d+\.$/],
    ['POST', '/v1/completions', /chat\.completions\.create/],
    ['POST', '/v1/embeddings', /provider/],
    ['GET', '/v1/responses/resp_1', /keeps no responses/],
    ['DELETE', '/v1/responses/resp_1', /keeps no responses/],
    ['POST', '/v1/responses/resp_1/cancel', /To cancel a stream, close it/],
    ['GET', '/responses/resp_1/input_items', /keeps no responses/],
    ['POST', '/v1/images/generations', /\/v1\/chat\/completions/],
    ['GET', '/v1/files', /\/v1\/models/],
    ['GET', '/v1', /\/v1\/models/],
    ['POST', '/v1/chat', /\/v1\/chat\/completions/],
    ['POST', '/v1/v1/chat/completions', /\/v1 twice.* http:\/\/127\.0\.0\.1:\d+\/v1\./],
    ['GET', '/v1/v1/models', /\/v1 twice/],
    ['POST', '/V1/v1/responses/', /\/v1 twice/],
    ['POST', '/v1/chat/completions/chat/completions', /goes on too long.*\/v1\./],
    ['GET', '/v1/chat/completions/models', /goes on too long/],
    ['POST', '/openai/deployments/gpt-4o/chat/completions?api-version=1', /AzureOpenAI.*\/v1 and/],
    ['POST', '/openai/v1/chat/completions', /OpenAI client/],
    ['GET', '/v1beta/models', /GET \/docs/],
    ['POST', '/v1/chat/completions/x', /\/v1\/chat\/completions/],
  ])('answer %s %s with 404 and what to use instead', async (method, path, instead) => {
    const error = await errorOf(await send(method, path));
    expect(error).toMatchObject({ status: 404, type: 'invalid_request_error' });
    expect(error.message).toMatch(instead);
  });

  it('answer a body that is sent to the wrong path, too', async () => {
    const good = await gateway.post('/v1/embeddings', { model: 'gpt-4o', input: 'Hi' });
    expect((await errorOf(good)).status).toBe(404);
    const broken = await gateway.post('/v1/embeddings', '{"broken');
    expect((await errorOf(broken)).status).toBe(404);
    expect(gateway.openai.requests).toHaveLength(0);
  });
});

describe('the paths of the OpenAI API without /v1', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const body = { model: 'gpt-only', messages: [{ role: 'user', content: 'Hi' }] };

  it.each(['/chat/completions', '/chat/completions/', '/Chat/Completions?api-version=1'])(
    'answer POST %s as the path with it',
    async (path) => {
      gateway.openai.script(openAi.answersText('Hi'));
      const plain = await gateway.post(path, body, { 'last-event-id': 'x:1' });
      expect(await plain.json()).toMatchObject({ object: 'chat.completion' });
      expect(plain.headers.get('x-sluice-backend')).toBe('openai');
      gateway.openai.script(openAi.streamsText(['Hi']));
      const streamed = await gateway.post(path, { ...body, stream: true });
      expect(await streamed.text()).toMatch(/"chat\.completion\.chunk".*data: \[DONE\]\n\n$/s);
    },
  );

  it.each(['http://sluice', 'http://models', 'https://127.0.0.1:1'])(
    'are the paths with it behind the whole URL, too: %s',
    async (origin) => {
      const caller = await SlowCaller.connect(gateway.url);
      const listed = caller.send({ path: `${origin}/models` });
      expect(await within(listed.rest(), 'the list')).toContain('"object":"list"');
      gateway.openai.script(openAi.answersText('Hi'));
      const answer = caller.send({ method: 'POST', path: `${origin}/chat/completions?a=1`, body });
      expect(await within(answer.rest(), 'the answer')).toContain('"chat.completion"');
      caller.leave();
    },
  );

  it('refuse there what they refuse with it', async () => {
    const before = await gateway.metric('llm_rejections_total');
    const error = await errorOf(await gateway.post('/chat/completions', { ...body, n: 2 }));
    expect(error).toMatchObject({ status: 400, param: 'n' });
    const broken = await errorOf(await gateway.post('/chat/completions', '{"broken'));
    expect(broken.status).toBe(400);
    expect((await gateway.metric('llm_rejections_total')) - before).toBe(2);
  });

  it.each(['/models', '/models/'])('list the models at %s', async (path) => {
    expect(await (await gateway.get(path)).json()).toMatchObject({ object: 'list' });
  });

  it.each(['/models/team/gpt', '/models/team%2Fgpt'])('tell of one at %s', async (path) => {
    expect(await (await gateway.get(path)).json()).toMatchObject({ id: 'team/gpt' });
  });

  it.each([
    ['GET', '/chat/completions', 'POST'],
    ['HEAD', '/chat/completions', 'POST'],
    ['POST', '/models', 'GET, HEAD'],
  ])('answer %s %s with 405 and what is allowed', async (method, path, allow) => {
    const response = await fetch(gateway.url + path, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow]);
  });
});

describe('the paths of Ollama', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  const elsewhere = /OpenAI client.* http:\/\/127\.0\.0\.1:\d+\/v1\.$/;
  it.each([
    ['POST', '/api/chat', '{"model":"llama3","messages":[]}', 404, elsewhere],
    ['POST', '/api/generate', '{}', 404, elsewhere],
    ['GET', '/api/tags', undefined, 404, elsewhere],
    ['GET', '/API/version/', undefined, 404, elsewhere],
    // What is not served is not read either.
    ['POST', '/api/chat', '{"broken', 404, elsewhere],
    ['GET', '/api/%E0%A4%A', undefined, 400, /%E0%A4%A/],
  ])(
    'answer %s %s with an error that is text, as its clients read it',
    async (method, path, body, status, words) => {
      const response = await fetch(gateway.url + path, {
        method,
        ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      });
      expect(response.status).toBe(status);
      expect(response.headers.get('x-request-id')).toMatch(/./);
      const { error, ...others } = (await response.json()) as { error: string };
      expect(others).toEqual({});
      expect(error).toMatch(words);
    },
  );
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
