import * as fc from 'fast-check';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { contentChunk, finishChunk, sse } from '../support/openai-script.js';
import { urlOf } from '../support/url-of.js';
import { callerStream } from './caller-stream.js';
import { Body, damaged } from './damage.js';

const RUNS = { numRuns: 200, interruptAfterTimeLimit: 15_000 };

const ANSWER = [contentChunk('Hel'), contentChunk('lo'), finishChunk(), '[DONE]'].map((data) =>
  sse(data),
);

/** A whole HTTP response: the bytes of the connection itself, not only of its body. */
const response = fc
  .record({
    status: fc.constantFrom(
      '200 OK',
      '200 OK',
      '200 OK',
      '204 No Content',
      '429 Slow Down',
      '500 X',
      '101 Y',
    ),
    type: fc.constantFrom(
      'text/event-stream',
      'text/event-stream',
      'application/json',
      'text/html',
    ),
    chunked: fc.boolean(),
    events: fc.nat(ANSWER.length),
  })
  .map(({ status, type, chunked, events }) => {
    const body = ANSWER.slice(0, events);
    const head = `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\n`;
    const length = body.join('').length;
    return Buffer.from(
      chunked
        ? `${head}transfer-encoding: chunked\r\n\r\n${body.map(httpChunk).join('')}0\r\n\r\n`
        : `${head}content-length: ${length}\r\n\r\n${body.join('')}`,
    );
  });

describe('whatever comes over an upstream connection', () => {
  let upstream: Server;
  let gateway: Gateway;
  let generations = 0;
  let answer = new Body(new Uint8Array());

  beforeAll(async () => {
    upstream = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(answer.bytes));
    });
    upstream.listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    gateway = await Gateway.start({
      backends: [{ id: 'raw', kind: 'openai', baseUrl: urlOf(upstream) }],
      models: [{ id: 'gpt-only', targets: ['raw/gpt'] }],
      breaker: { failures: 1_000_000 },
    });
  });
  afterAll(async () => {
    await gateway.close();
    upstream.close();
    await once(upstream, 'close');
  });

  it.for(['openai', 'chat'] as const)(
    'the answer on %s is whole only if the end of one arrived',
    async (form) => {
      const property = fc.asyncProperty(damaged(response), async (bytes) => {
        answer = bytes;
        const n = generations++;
        const asked =
          form === 'openai'
            ? gateway.complete()
            : gateway.post('/chat', { messages: [{ role: 'user', content: 'Hi' }] });
        const { terminal, pieces } = await callerStream(await asked, form);
        const { endReason } = await gateway.ended(n);

        expect(endReason === 'completed').toBe(terminal === 'done');
        const sent = Buffer.from(bytes.bytes).toString('latin1');
        expect(terminal === 'done' ? sent : 'finish_reason').toContain('finish_reason');
        expect(pieces.length).toBeLessThanOrEqual(2);
      });
      await fc.assert(property, RUNS);
    },
  );
});

function httpChunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}
