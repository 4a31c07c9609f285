import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';

const user = { role: 'user', content: 'Hi' };

describe('a chat request that no upstream is asked for', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ server: { bodyLimit: '5mb' } });
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  async function refused(responding: Promise<Response>): Promise<unknown[]> {
    const response = await responding;
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(error['requestId']).toBe(response.headers.get('x-request-id'));
    expect(Object.keys(error)).toEqual(['message', 'type', 'code', 'param', 'requestId']);
    expect(JSON.stringify(error)).not.toMatch(/\bat .*\.[jt]s\b|sk-upstream/);
    expect([...gateway.openai.requests, ...gateway.ollama.requests]).toEqual([]);
    return [response.status, error['param'], error['message']];
  }

  it.each([
    ['no message', '/chat', 'message', 'message is missing.'],
    ['an empty message', '/chat?message=', 'message', 'message is missing.'],
    ['two messages', '/chat?message=a&message=b', 'message', 'message must be given once.'],
    ['a parameter it does not know', '/chat?message=a&tmp=1', 'tmp', 'tmp is not known here.'],
    [
      'a message that is too long for a URL',
      `/chat?message=${'x'.repeat(4001)}`,
      'message',
      'message is longer than 4000 characters: use POST /chat.',
    ],
  ])('answers 400 to GET with %s', async (_, path, param, message) => {
    expect(await refused(gateway.get(path))).toEqual([400, param, message]);
  });

  it.each([
    [{}, 'messages', 'messages is missing.'],
    [{ messages: 'Hi' }, 'messages', 'messages must be an array.'],
    [{ messages: ['Hi'] }, 'messages[0]', 'messages[0] must be an object.'],
    [{ messages: [user], temperature: 'hot' }, 'temperature', 'temperature must be a number.'],
    [
      { messages: [user, { role: 'tool', content: '7' }] },
      'messages[1].toolCallId',
      'messages[1].toolCallId is missing.',
    ],
  ])('answers 400 in plain words to POST with %j', async (body, param, message) => {
    expect(await refused(gateway.post('/chat', body))).toEqual([400, param, message]);
  });

  it('answers 400 to POST with another content type', async () => {
    const headers = { 'content-type': 'text/plain' };
    const [status, , message] = await refused(gateway.post('/chat', '{}', headers));
    expect(status).toBe(400);
    expect(message).toContain('content-type: application/json');
  });

  it('answers 400 when the model beside the path is another one', async () => {
    const answer = [400, 'model', 'model is not the one in the path.'];
    expect(await refused(gateway.get('/chat/gpt-only?message=Hi&model=llama3'))).toEqual(answer);
    const body = { messages: [user], model: 'llama3' };
    expect(await refused(gateway.post('/chat/gpt-only', body))).toEqual(answer);
  });

  it('takes a message of exactly 4,000 characters by GET', async () => {
    const message = 'ä'.repeat(4000);
    const response = await gateway.get(`/chat?message=${encodeURIComponent(message)}`);
    expect((await chatEvents(response)).at(-1)?.type).toBe('done');
    expect(gateway.openai.requests[0]?.body['messages']).toEqual([
      { role: 'user', content: message },
    ]);
  });

  it.each([
    ['a field it does not know', { messages: [user], tempreature: 1 }, 'tempreature'],
    ['a field of a message it does not know', { messages: [{ ...user, x: 1 }] }, 'messages[0].x'],
    ['no messages', {}, 'messages'],
    ['empty messages', { messages: [] }, 'messages'],
    ['a wrong role', { messages: [user, { role: 'robot', content: '' }] }, 'messages[1].role'],
    [
      'content of no known kind',
      { messages: [{ role: 'user', content: 1 }] },
      'messages[0].content',
    ],
    ['a message that is none', { messages: ['Hi'] }, 'messages[0]'],
    ['a temperature that is no number', { messages: [user], temperature: 'hot' }, 'temperature'],
    ['topP over 1', { messages: [user], topP: 1.5 }, 'topP'],
    ['maxTokens of 0', { messages: [user], maxTokens: 0 }, 'maxTokens'],
    ['a stop that is no list', { messages: [user], stop: 'END' }, 'stop'],
    ['a seed with a fraction', { messages: [user], seed: 1.5 }, 'seed'],
    ['a tool without a name', { messages: [user], tools: [{}] }, 'tools[0].name'],
    ['an array for a body', [], 'messages'],
  ])('answers 400 to POST with %s, naming it', async (_, body, param) => {
    const [status, named, message] = await refused(gateway.post('/chat', body));
    expect([status, named]).toEqual([400, param]);
    expect(message).toContain(param);
  });

  it.each(['', '{"messages":', 'null', '"text"', '[1,2'])(
    'answers 400 to the body %s',
    async (body) => {
      expect((await refused(gateway.post('/chat', body)))[0]).toBe(400);
    },
  );

  it('takes null for absence in optional fields', async () => {
    const absent = { system: null, temperature: null, stop: null, tools: null, model: null };
    const response = await gateway.post('/chat', { messages: [user], ...absent });
    expect((await chatEvents(response)).at(-1)?.type).toBe('done');
    expect(Object.keys(gateway.openai.requests[0]!.body).toSorted()).toEqual(
      ['messages', 'model', 'stream', 'stream_options'].toSorted(),
    );
  });

  it('takes a prompt of several megabytes, and refuses one over the limit', async () => {
    const content = 'x'.repeat(4 * 1024 * 1024);
    const response = await gateway.post('/chat', { messages: [{ role: 'user', content }] });
    expect((await chatEvents(response)).at(-1)?.type).toBe('done');
    expect(gateway.openai.requests[0]?.rawBody).toContain(content);

    const tooLong = { messages: [{ role: 'user', content: content + content }] };
    expect((await gateway.post('/chat', tooLong)).status).toBe(413);
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it.each([
    ['GET /chat/:model', () => gateway.get('/chat/no/such?message=Hi')],
    ['GET /chat?model', () => gateway.get('/chat?message=Hi&model=no/such')],
    ['POST /chat/:model', () => gateway.post('/chat/no/such', { messages: [user] })],
    ['POST /chat', () => gateway.post('/chat', { messages: [user], model: 'no/such' })],
  ])('answers 404 on %s for a model that is not configured', async (_, ask) => {
    const [status, param, message] = await refused(ask());
    expect([status, param]).toEqual([404, 'model']);
    expect(message).toContain('"no/such"');
  });

  it('answers 503 while it drains, and lets the running stream finish', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const running = new SseReader(await gateway.get('/chat?message=Hi'));
    await step.next('Hel');
    await running.nextEvent();
    const down = gateway.shutDown();
    const response = await gateway.get('/chat?message=Hi', { connection: 'close' });
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(await response.json()).toMatchObject({ error: { code: 'draining' } });
    await step.finish();
    expect((await running.all()).map(({ event }) => event)).toEqual(['done']);
    await down;
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'answers 405 to %s, with Allow',
    async (method) => {
      for (const path of ['/chat', '/chat/team/gpt']) {
        const responding = fetch(gateway.url + path, { method });
        expect((await refused(responding))[0]).toBe(405);
        expect((await responding).headers.get('allow')).toBe('GET, HEAD, POST');
      }
    },
  );

  it.each(['/chat?message=Hi', '/chat/team/gpt?message=Hi'])(
    'answers HEAD %s alone',
    async (path) => {
      const response = await fetch(gateway.url + path, { method: 'HEAD' });
      expect([response.status, await response.text()]).toEqual([200, '']);
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      expect(gateway.openai.requests).toHaveLength(0);
      expect(gateway.log.text).not.toContain('generation ended');
    },
  );

  it.each(['/chat?message=Hi', '/chat/team/gpt?message=Hi'])(
    'answers 204 to GET %s with Last-Event-ID',
    async (path) => {
      gateway.openai.script(stallsBeforeHeaders());
      const response = await gateway.get(path, { 'last-event-id': 'a:1' });
      expect([response.status, await response.text()]).toEqual([204, '']);
      expect(gateway.openai.requests).toHaveLength(0);
      expect(gateway.log.text).not.toContain('generation ended');
    },
  );

  it.each(['/chat', '/chat/team/gpt'])(
    'tells a POST to %s with Last-Event-ID that its stream was interrupted',
    async (path) => {
      const response = await gateway.post(path, { messages: [user] }, { 'last-event-id': 'a:1' });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream\b/);
      expect(await chatEvents(response)).toEqual([
        {
          id: '',
          type: 'failed',
          data: {
            code: 'stream_interrupted',
            message: expect.stringContaining('without Last-Event-ID') as string,
            requestId: response.headers.get('x-request-id'),
            retryable: true,
          },
        },
      ]);
      expect(gateway.openai.requests).toHaveLength(0);
      expect(gateway.log.text).not.toContain('generation ended');
    },
  );
});
