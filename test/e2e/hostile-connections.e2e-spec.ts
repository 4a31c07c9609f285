import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BODY_FORMS, headOf } from '../support/body-forms.js';
import { chatEvents } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SlowCaller } from '../support/slow-caller.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { outcome, within } from '../support/within.js';

const GET_CHAT = 'GET /chat/gpt-only?message=Hi HTTP/1.1\r\nHost: localhost\r\n\r\n';
const GET_MODELS = 'GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Each way to ask for an answer, as bytes. */
const ASKING: readonly (readonly [form: string, bytes: string])[] = [
  ['GET /chat', GET_CHAT],
  ...BODY_FORMS.map(({ form, path, body }): [string, string] => {
    const json = JSON.stringify(body);
    return [form, headOf(path, { 'content-length': json.length }) + json];
  }),
];

describe('A connection', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
    caller = await SlowCaller.connect(gateway.url);
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  it.each(ASKING)('that is closed by half has been left: %s', async (_, bytes) => {
    gateway.openai.script(stallsBeforeHeaders());
    caller.write(bytes);
    await gateway.openai.request(0);
    caller.halfClose();
    await within(gateway.openai.left(0), 'the upstream is left');
    expect(await gateway.ended()).toMatchObject({ endReason: 'client_closed' });
  });

  it.each([
    '/metrics#',
    '/metrics\\#',
    '/admin\\streams#',
    '/metrics?#',
    '/v1/models\\',
    'http://localhost/metrics\\',
    'http://localhost/admin\\streams',
  ])('may not ask for %s, which is another path to whoever stands before it', async (target) => {
    const answer = caller.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    expect(await answer.rest()).toContain('The URL must not hold a');
  });

  it('may bring several requests at once, and is answered in their order', async () => {
    const first = caller.write(GET_CHAT + GET_MODELS + GET_CHAT);
    expect(await first.rest()).toContain('event: done');
    expect(await caller.write('').rest()).toContain('"object":"list"');
    expect(await caller.write('').rest()).toContain('event: done');
    expect(gateway.openai.requests).toHaveLength(2);
  });

  it.each(ASKING)(
    'that is left takes the requests behind the first with it: %s',
    async (_, bytes) => {
      gateway.openai.script(stallsBeforeHeaders());
      caller.write(bytes + bytes + bytes);
      await gateway.openai.request(2);
      caller.leave();
      for (const n of [0, 1, 2]) {
        await within(gateway.openai.left(n), 'each upstream is left');
        expect(await gateway.ended(n)).toMatchObject({ endReason: 'client_closed' });
      }
      expect(await gateway.metric('llm_active_streams')).toBe(0);
    },
  );

  it('that brings more requests than anybody would is closed', async () => {
    gateway.openai.script(stallsBeforeHeaders());
    const before = await gateway.metric('llm_streams_total');
    const response = caller.write(GET_CHAT.repeat(10_000));
    expect(await outcome(response.head())).toBe('rejected');
    await expect.poll(() => gateway.metric('llm_active_streams')).toBe(0);
    // The others were never begun.
    expect((await gateway.metric('llm_streams_total')) - before).toBeLessThanOrEqual(16);
  });

  it.each([
    ['says nothing', ''],
    ['stops in its headers', 'GET /chat?message=Hi HTTP/1.1\r\nHost: slu'],
  ])('that %s is closed', async (_, bytes) => {
    gateway.server.headersTimeout = 1;
    const slow = await SlowCaller.connect(gateway.url);
    // Node looks every five seconds.
    const { status } = await within(slow.write(bytes).head(), 'an answer', 10_000);
    expect(status).toBe(408);
    await within(slow.closed, 'the connection is closed');
  });

  it('that is idle stays open for the next request', async () => {
    await caller.write(GET_MODELS).rest();
    gateway.server.headersTimeout = 1;
    gateway.server.requestTimeout = 1;
    const slow = await SlowCaller.connect(gateway.url);
    await within(slow.write('').head(), 'others are closed', 10_000);
    expect(await caller.write(GET_MODELS).rest()).toContain('"object":"list"');
  });

  it('is one of 1,000 idle ones, and others are served', async () => {
    const idle: Socket[] = [];
    for (let i = 0; i < 1000; i += 1) {
      const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
      await once(socket, 'connect');
      idle.push(socket);
    }
    const events = await chatEvents(await gateway.get('/chat/gpt-only?message=Hi'));
    expect(events.at(-1)?.type).toBe('done');
    for (const socket of idle) socket.destroy();
  });
});

describe('A path or header', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  async function answer(bytes: string): Promise<number> {
    const caller = await SlowCaller.connect(gateway.url);
    const response = caller.write(bytes);
    const { status } = await within(response.head(), 'an answer');
    caller.leave();
    return status;
  }

  const slashes = '/'.repeat(60_000);
  it.each([
    ['', 404],
    ['v1', 404],
    ['v1/responses', 404],
    ['v1/models', 404],
    ['v1/chat/completions', 404],
    ['chat', 400],
    ['docs', 200],
    ['livez', 404],
  ])('of 60,000 slashes is answered at once: /%s', async (prefix, status) => {
    for (const end of ['', 'x']) {
      const path = `/${prefix}${slashes}${end}`;
      const before = process.threadCpuUsage();
      for (const method of ['GET', 'PATCH']) {
        const got = await answer(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        expect([status, 404, 405]).toContain(got);
      }
      // Of this thread alone: what else the machine does is not meant.
      const { user, system } = process.threadCpuUsage(before);
      expect((user + system) / 1000).toBeLessThan(500);
    }
  });

  it.each([
    ['%00', '/chat/%00?message=Hi', 404],
    ['half of a surrogate pair', '/chat/%ED%A0%80?message=Hi', 400],
    ['no UTF-8', '/chat/%FF?message=Hi', 400],
    ['no percent-encoding', '/chat/%zz?message=Hi', 400],
    ['no UTF-8 under /v1', '/v1/models/%FF', 400],
  ])('with %s in it is refused', async (_, path, status) => {
    expect(await answer(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toBe(status);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it.each([
    ['a NUL in the path', 'GET /chat\0 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    [
      'a NUL in a header',
      'GET /chat?message=Hi HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a\0b\r\n\r\n',
    ],
    ['two lengths', headOf('/chat', { 'content-length': 5, 'Content-Length': 6 })],
    [
      'a length and chunks',
      headOf('/chat', { 'content-length': 5, 'transfer-encoding': 'chunked' }),
    ],
    ['a negative length', headOf('/chat', { 'content-length': -1 })],
    ['no HTTP', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03'],
    ['64 KiB of headers', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('that is %s never gets to anybody', async (_, bytes) => {
    expect([400, 431]).toContain(await answer(bytes));
    expect(gateway.openai.requests).toHaveLength(0);
    expect((await gateway.get('/livez')).status).toBe(200);
  });

  it.each(BODY_FORMS)('is well-formed where a body of $form was not', async ({ path, body }) => {
    const fields = JSON.stringify({ ...body, messages: [{ role: 'user', content: '#' }] });
    await gateway.post(path, fields.replace('#', '\\u0000 \\ud800 \\udc00 \\uffff'));
    const { rawBody } = await gateway.openai.request(0);
    expect(rawBody).toContain('\\u0000 \\ud800 \\udc00 \uffff');
  });
});
