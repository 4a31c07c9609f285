import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { BODY_FORMS, headOf } from '../support/body-forms.js';
import { errorOf, type ReadError } from '../support/error-body.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { within } from '../support/within.js';

const MB = 1024 * 1024;

/** The error of a refusal that came whole, and whether it says that the connection is closed. */
async function errorIn(response: CallerResponse): Promise<ReadError & { closes: boolean }> {
  const body = await within(response.rest(), 'the answer');
  const { status, headers } = await response.head();
  expect(response.cleanEnd).toBe(true);
  const closes = headers['connection'] === 'close';
  return { ...(await errorOf(new Response(body, { status, headers }))), closes };
}

const goodBody = (body: object, bytes: number): string =>
  JSON.stringify({ ...body, messages: [{ role: 'user', content: 'x'.repeat(bytes - 200) }] });

describe('a body that is on its way', () => {
  let gateway: Gateway;
  const callers: SlowCaller[] = [];
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.leave();
    await gateway.close();
  });

  async function start(settings: GatewaySettings = {}): Promise<void> {
    gateway = await Gateway.start(settings);
    gateway.openai.script(openAi.streamsText(['Hi']));
  }

  const compressed = { compressedBodies: true };

  async function connect(): Promise<SlowCaller> {
    const caller = await SlowCaller.connect(gateway.url);
    callers.push(caller);
    return caller;
  }

  /** Sends headers, or more, on a connection of its own, and waits until they were read. */
  async function begin(
    bytes: string | Buffer,
  ): Promise<{ caller: SlowCaller; response: CallerResponse; left: Promise<void> }> {
    const caller = await connect();
    const read = once(gateway.server, 'request');
    const response = caller.write(bytes);
    const [{ socket }] = (await read) as [IncomingMessage];
    const left = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    return { caller, response, left };
  }

  describe.each(BODY_FORMS)('$form', ({ path, body }) => {
    const ask = (size: number) => gateway.post(path, goodBody(body, size));
    const unfinished = (bytes: number) => headOf(path, { 'content-length': bytes });
    const inChunks = headOf(path, { 'transfer-encoding': 'chunked' });

    it('reserves what it was announced with: one over the bound is a 503', async () => {
      await start({ server: { bodyBytesInFlight: '4mb' } });
      await begin(unfinished(2 * MB));
      const { caller, left } = await begin(unfinished(1.5 * MB));
      const { response } = await begin(unfinished(MB));
      const error = await errorIn(response);
      expect([error.status, error.code]).toEqual([503, 'overloaded']);
      const { headers } = await response.head();
      expect(Number(headers['retry-after-ms'])).toBeGreaterThan(0);
      expect(gateway.openai.requests).toHaveLength(0);

      caller.leave();
      await left;
      void ask(MB).then((answer) => answer.text());
      await within(gateway.openai.request(0), 'there is room again');
    });

    it('reserves what comes in chunks as it comes', async () => {
      await start({ server: { bodyBytesInFlight: '4mb' } });
      await begin(unfinished(2 * MB));
      const { caller, response } = await begin(inChunks);
      const piece = 'x'.repeat(MB);
      for (let i = 0; i < 3; i += 1) caller.write(`${piece.length.toString(16)}\r\n${piece}\r\n`);
      const error = await errorIn(response);
      expect([error.status, error.code]).toEqual([503, 'overloaded']);
    });

    it('keeps its place until its answer has ended, and no longer', async () => {
      await start({ server: { bodyBytesInFlight: '4mb' } });
      gateway.openai.script(stallsBeforeHeaders(), openAi.streamsText(['Hi']));
      const leave = new AbortController();
      const running = gateway.post(path, goodBody(body, 3 * MB), {}, leave.signal);
      running.catch(() => undefined);
      await gateway.openai.request(0);
      const refused = await ask(2 * MB);
      expect((await errorOf(refused)).code).toBe('overloaded');

      leave.abort();
      await gateway.openai.left(0);
      await gateway.ended();
      void ask(2 * MB).then((answer) => answer.text());
      await within(gateway.openai.request(1), 'there is room again');
    });

    it.each([
      ['text of two bytes each', (size: number) => `😀${'x'.repeat(size)}`],
      ['an escape', (size: number) => `\\u4e00${'x'.repeat(size)}`],
      ['many values', (size: number) => `","x":[${'0,'.repeat(size / 40)}0],"y":"`],
    ])('reserves what it takes when it is parsed, with %s', async (_, content) => {
      await start({ server: { bodyBytesInFlight: '4mb', bodyLimit: '4mb' } });
      const fields = JSON.stringify({ ...body, messages: [{ role: 'user', content: '#' }] });
      const error = await errorOf(await gateway.post(path, fields.replace('#', content(3 * MB))));
      expect([error.status, error.code]).toEqual([503, 'overloaded']);
    });

    it.each([
      ['announced', () => `${unfinished(1000)}{"messages":`],
      ['in chunks', () => `${inChunks}5\r\n{"mes\r\n`],
    ])('is a 408 and a closed connection when it comes too slowly, %s', async (_, bytes) => {
      await start({ server: { bodyMs: 100 } });
      const { caller, response } = await begin(bytes());
      const error = await errorIn(response);
      expect(error).toMatchObject({ status: 408, code: 'body_timeout', closes: true });
      expect(error.message).toContain('100 ms');
      caller.halfClose();
      await within(caller.closed, 'the connection is closed');
    });

    it('is a 408 and a closed connection when it comes too slowly, compressed', async () => {
      await start({ server: { ...compressed, bodyMs: 100 } });
      const bytes = gzipSync(JSON.stringify(body));
      const head = headOf(path, { 'content-encoding': 'gzip', 'content-length': bytes.length });
      const { caller, response } = await begin(
        Buffer.concat([Buffer.from(head), bytes.subarray(0, -4)]),
      );
      const error = await errorIn(response);
      expect(error).toMatchObject({ status: 408, code: 'body_timeout', closes: true });
      caller.halfClose();
      await within(caller.closed, 'the connection is closed');
    });

    it('passes when it is small, while large ones have all the room', async () => {
      await start({ server: { bodyBytesInFlight: '2mb', bodyLimit: '2mb' } });
      await begin(unfinished(2 * MB));
      const { response } = await begin(unfinished(1.5 * MB));
      expect(await errorIn(response)).toMatchObject({ status: 503, code: 'overloaded' });
      for (let n = 0; n < 20; n += 1) {
        gateway.openai.script(openAi.streamsText(['Hi']));
        void ask(50 * 1024).then((answer) => answer.text());
      }
      await within(gateway.openai.request(19), 'all of them are asked for');
    });

    it('is a 503 behind a crowd of small ones that fill what there is for those', async () => {
      await start({ server: { bodyBytesInFlight: '1mb', bodyLimit: '1mb' } });
      for (let n = 0; n < 16; n += 1) await begin(unfinished(64 * 1024));
      const { response } = await begin(unfinished(1000));
      expect(await errorIn(response)).toMatchObject({ status: 503, code: 'overloaded' });
    });

    it.each<[string, number, object, string]>([
      ['over the limit', 413, { 'content-length': 33 * MB }, ''],
      ['of another type', 400, { 'content-type': 'text/plain', 'content-length': 1000 }, ''],
      ['compressed', 415, { 'content-encoding': 'gzip', 'content-length': 1000 }, ''],
      ['to no route', 404, { 'content-length': 1000 }, '/x/y'],
    ])('is refused unread where it is %s', async (_, status, headers, suffix) => {
      await start();
      const target = suffix === '' ? path : `/v1${suffix}`;
      const { response } = await begin(headOf(target, headers as Record<string, string>));
      expect(await errorIn(response)).toMatchObject({ status, closes: true });
    });

    it('is refused unread while the instance drains', async () => {
      await start();
      const { response: running } = await begin(headOf(path, { 'content-length': 10 }));
      const caller = await connect();
      const down = gateway.shutDown();
      const response = caller.write(unfinished(MB));
      expect(await errorIn(response)).toMatchObject({
        status: 503,
        code: 'draining',
        closes: true,
      });
      callers[0]!.leave();
      expect(running.ended).toBe(false);
      await down;
    });

    it('is refused unread when there is no room and the queue is full', async () => {
      await start({ limits: { streams: 1, queue: { size: 0 } } });
      gateway.openai.script(stallsBeforeHeaders());
      const leave = new AbortController();
      gateway.complete({}, {}, leave.signal).catch(() => undefined);
      await gateway.openai.request(0);
      const { response } = await begin(unfinished(MB));
      expect(await errorIn(response)).toMatchObject({ status: 503, code: 'overloaded' });
      leave.abort();
    });

    it('lets a caller that sends everything first read why it was refused', async () => {
      await start({ server: { bodyLimit: '1mb' } });
      const caller = await connect();
      const response = caller.write(unfinished(8 * MB) + 'x'.repeat(8 * MB));
      expect(await errorIn(response)).toMatchObject({ status: 413, code: 'request_too_large' });
    });

    it('is asked for only once its headers have been looked at', async () => {
      await start({ server: { bodyLimit: '1mb' } });
      const json = JSON.stringify(body);
      const expect100 = { expect: '100-continue' };
      const { response: refused } = await begin(
        headOf(path, { 'content-length': 2 * MB, ...expect100 }),
      );
      expect(await errorIn(refused)).toMatchObject({ status: 413 });
      const { caller, response: invited } = await begin(
        headOf(path, { 'content-length': json.length, ...expect100 }),
      );
      expect((await invited.head()).status).toBe(100);
      caller.write(json);
      await within(gateway.openai.request(0), 'the body is taken');
    });

    it('may come one byte at a time', async () => {
      await start();
      const { caller } = await begin(inChunks);
      for (const byte of JSON.stringify(body)) caller.write(`1\r\n${byte}\r\n`);
      caller.write('0\r\n\r\n');
      const { body: asked } = await within(gateway.openai.request(0), 'the body is whole');
      expect(asked['messages']).toEqual([{ role: 'user', content: 'Hi' }]);
    });

    it('holds nothing when its sender leaves in the middle', async () => {
      await start({ server: { bodyBytesInFlight: '2mb' } });
      for (let i = 0; i < 5; i += 1) {
        const { caller, left } = await begin(unfinished(1.5 * MB));
        caller.leave();
        await left;
      }
      void ask(MB).then((answer) => answer.text());
      const { rawBody } = await within(gateway.openai.request(0), 'there is room');
      expect(rawBody.length).toBeGreaterThan(MB / 2);
    });

    it('holds nothing when its sender leaves while it inflates', async () => {
      await start({ server: { ...compressed, bodyLimit: '16mb', bodyBytesInFlight: '16mb' } });
      const bytes = gzipSync(goodBody(body, 12 * MB));
      const head = headOf(path, { 'content-encoding': 'gzip', 'content-length': bytes.length });
      const { caller, left } = await begin(Buffer.concat([Buffer.from(head), bytes]));
      caller.leave();
      await left;
      // Whoever began before has come to its end by then.
      await Readable.from([bytes]).pipe(createGunzip()).resume().toArray();
      expect(gateway.openai.requests).toHaveLength(0);
      void ask(12 * MB).then((answer) => answer.text());
      await within(gateway.openai.request(0), 'there is room');
    });
  });

  it.each(['/chat', '/chat/gpt-only'])(
    'is not read where a POST to %s reconnects, not even while the instance is full',
    async (path) => {
      await start({ limits: { streams: 1, queue: { size: 0 } } });
      gateway.openai.script(stallsBeforeHeaders());
      const leave = new AbortController();
      gateway.complete({}, {}, leave.signal).catch(() => undefined);
      await gateway.openai.request(0);
      const head = headOf(path, { 'content-length': 20 * MB, 'last-event-id': 'a:1' });
      const { response } = await begin(head);
      expect(await within(response.rest(), 'the answer')).toMatch(/^event: failed\ndata: .*\n\n$/);
      expect(response.text).toContain('stream_interrupted');
      const { status, headers } = await response.head();
      expect([status, headers['connection']]).toEqual([200, 'close']);
      expect(headers['content-type']).toContain('text/event-stream');
      leave.abort();
    },
  );
});
