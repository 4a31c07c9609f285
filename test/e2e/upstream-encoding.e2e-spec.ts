import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import {
  completion,
  contentChunk,
  finishChunk,
  OPENAI_STREAM_TYPE,
  openAi,
  openAiError,
  sse,
} from '../support/openai-script.js';
import type { UpstreamExchange, UpstreamScript } from '../support/scripted-upstream.js';

const ENCODINGS: readonly (readonly [string, (bytes: string) => Buffer])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  // Without the zlib header.
  ['Deflate', deflateRawSync],
];
const STREAM = [
  sse(contentChunk('Hel')),
  sse(contentChunk('lo')),
  sse(finishChunk()),
  sse('[DONE]'),
];

/** A body in an encoding that was not asked for; each `size` bytes in a chunk of their own. */
function sends(
  encoding: string,
  contentType: string,
  body: Buffer,
  { status = 200, size = 7, end = (exchange: UpstreamExchange) => exchange.end() } = {},
): UpstreamScript {
  return async (exchange) => {
    exchange.open(contentType, { 'content-encoding': encoding }, status);
    await exchange.writeInPieces(
      body,
      Array.from({ length: 400 }, () => size),
    );
    end(exchange);
  };
}

/** Bytes of all sockets that a request is held back for are bounded: so much is far beyond them. */
const BOMB_BYTES = 256 * 1024 * 1024;

describe('an upstream', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it('is asked for bytes as they are, with and without streaming', async () => {
    gateway.openai.script(openAi.streamsText(['Hello']), openAi.answersText('Hello'));
    await (await gateway.complete()).text();
    await (await gateway.complete({ stream: false })).text();
    for (const { headers } of gateway.openai.requests) {
      expect(headers['accept-encoding']).toBe('identity');
    }
  });

  describe.each(ENCODINGS)('that answers in %s all the same', (encoding, compress) => {
    it('has its stream decoded', async () => {
      gateway.openai.script(sends(encoding, OPENAI_STREAM_TYPE, compress(STREAM.join(''))));
      const { text, done } = await readCompletion(await gateway.complete());
      expect([text, done]).toEqual(['Hello', true]);
    });

    it('has its whole answer decoded', async () => {
      const body = compress(JSON.stringify(completion('Hello')));
      gateway.openai.script(sends(encoding, 'application/json', body));
      expect(await (await gateway.complete({ stream: false })).json()).toMatchObject({
        choices: [{ message: { content: 'Hello' } }],
      });
    });

    it('has its error decoded', async () => {
      const body = compress(
        JSON.stringify(openAiError('no such field', { type: 'invalid_request_error' })),
      );
      gateway.openai.script(sends(encoding, 'application/json', body, { status: 400 }));
      const error = await errorOf(await gateway.complete());
      expect([error.status, error.message]).toEqual([
        400,
        expect.stringContaining('no such field'),
      ]);
    });

    it.each([
      ['ends well', (exchange: UpstreamExchange) => exchange.end()],
      ['breaks off', (exchange: UpstreamExchange) => exchange.cut()],
    ])('was cut where only its HTTP body %s', async (_, end) => {
      const noise = [...Array(3000).keys()].map((n) => sse(contentChunk(`${n * 7919}`)));
      const whole = compress(noise.join(''));
      const body = whole.subarray(0, whole.length - 20);
      gateway.openai.script(sends(encoding, OPENAI_STREAM_TYPE, body, { size: 1000, end }));
      const { text, error, done } = await readCompletion(await gateway.complete());
      expect(text).not.toBe('');
      expect([error?.['code'], done]).toEqual(['upstream_cut', false]);
    });
  });

  it('has every token passed on when it comes, not when its block is full', async () => {
    const { createGzip, constants } = await import('node:zlib');
    const released = Promise.withResolvers<void>();
    gateway.openai.script(async (exchange) => {
      const gzip = createGzip({ flush: constants.Z_SYNC_FLUSH });
      exchange.open(OPENAI_STREAM_TYPE, { 'content-encoding': 'gzip' });
      gzip.write(STREAM[0]);
      await new Promise<void>((resolve) => gzip.flush(resolve));
      await exchange.write(gzip.read() as Buffer);
      await released.promise;
      exchange.end();
    });
    const response = await gateway.complete();
    const reader = response.body!.getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toContain('Hel');
    released.resolve();
    await reader.cancel();
  });

  it('is left at once when its caller leaves', async () => {
    gateway.openai.script(async (exchange) => {
      exchange.open(OPENAI_STREAM_TYPE, { 'content-encoding': 'br' });
      const { createBrotliCompress } = await import('node:zlib');
      const brotli = createBrotliCompress();
      brotli.write(STREAM[0]);
      await new Promise<void>((resolve) => brotli.flush(resolve));
      await exchange.write(brotli.read() as Buffer);
      await exchange.request.closed;
    });
    const caller = new AbortController();
    const response = await gateway.complete({}, {}, caller.signal);
    await response.body!.getReader().read();
    caller.abort();
    await gateway.openai.left(0);
    expect(await gateway.ended()).toMatchObject({ endReason: 'client_closed' });
  });

  it('whose few bytes are a great many is no more than an event that is too long', async () => {
    const bomb = gzipSync(Buffer.concat([Buffer.from('data: '), Buffer.alloc(BOMB_BYTES, 'x')]));
    gateway.openai.script(sends('gzip', OPENAI_STREAM_TYPE, bomb, { size: 64 * 1024 }));
    const before = process.memoryUsage().rss;
    const error = await errorOf(await gateway.complete());
    expect(error.code).toBe('upstream_protocol');
    expect(process.memoryUsage().rss - before).toBeLessThan(BOMB_BYTES / 2);
  });

  it.each(['zstd', 'gzip, br', 'constructor'])(
    'that answers in %s speaks no protocol',
    async (encoding) => {
      gateway.openai.script(sends(encoding, OPENAI_STREAM_TYPE, Buffer.from(STREAM.join(''))));
      expect((await errorOf(await gateway.complete())).code).toBe('upstream_protocol');
    },
  );

  it('whose compressed bytes are broken speaks no protocol', async () => {
    gateway.openai.script(sends('gzip', OPENAI_STREAM_TYPE, Buffer.from(STREAM.join(''))));
    expect((await errorOf(await gateway.complete())).code).toBe('upstream_protocol');
  });

  it('may send 60 KiB of headers', async () => {
    const headers = { 'x-long': 'x'.repeat(60 * 1024) };
    gateway.openai.script(openAi.streamsText(['Hello'], { headers }));
    expect((await readCompletion(await gateway.complete())).text).toBe('Hello');
  });

  it('speaks no protocol when it sends more than 64 KiB of headers', async () => {
    const headers = { 'x-long': 'x'.repeat(70 * 1024) };
    gateway.openai.script(openAi.streamsText(['Hello'], { headers }));
    const error = await errorOf(await gateway.complete());
    expect([error.status, error.code]).toEqual([502, 'upstream_protocol']);
  });
});
