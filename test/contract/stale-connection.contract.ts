import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import {
  cutsBeforeHeaders,
  resetsBeforeHeaders,
  stallsBeforeHeaders,
} from '../support/upstream-scripts.js';
import { urlOf } from '../support/url-of.js';
import { outcome } from '../support/within.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, textOf } from './backend-under-test.js';

/**
 * An upstream may close a kept connection in the moment that a request is written to it. That says
 * nothing about the upstream, and must not look like a failure of it.
 */
export function staleConnectionContract(kind: BackendKind): void {
  const { scripts } = kind;
  const breaks = [
    ['reset', resetsBeforeHeaders()],
    ['closed', cutsBeforeHeaders()],
  ] as const;

  describe('over a connection that was kept', () => {
    const test = new BackendUnderTest(kind);

    it.each(breaks)('asks once more when it is %s under the request', async (_, breaking) => {
      await keepConnections(1);
      test.upstream.script(breaking, scripts.streamsText(['Hel', 'lo']));
      expect(textOf(await test.stream())).toBe('Hello');

      const [kept, stale, fresh] = test.upstream.requests;
      expect(stale!.socketPort).toBe(kept!.socketPort);
      expect(fresh!.socketPort).not.toBe(kept!.socketPort);
      expect(fresh!.rawBody).toBe(stale!.rawBody);
      expect(test.upstream.requests).toHaveLength(3);
      // Twice for the one that had to be sent again.
      expect(test.told.requestSent).toBe(3);
    });

    it.each(breaks)('asks once more for a whole answer when it is %s', async (_, breaking) => {
      await keepConnections(1);
      test.upstream.script(breaking, scripts.answersText('Hello'));
      expect((await test.complete()).text).toBe('Hello');
      expect(test.upstream.requests[2]!.rawBody).toBe(test.upstream.requests[1]!.rawBody);
      expect(test.upstream.requests).toHaveLength(3);
    });

    it('asks as usual when it was reset while it was idle', async () => {
      await keepConnections(1);
      test.upstream.script(scripts.answersText('Hello'));
      test.upstream.resetConnections();
      expect((await test.complete()).text).toBe('Hello');
      expect(test.upstream.requests).toHaveLength(2);
    });

    it('never meets a second stale connection, however many were kept', async () => {
      await keepConnections(4);
      const kept = new Set(test.upstream.requests.map(({ socketPort }) => socketPort));
      expect(kept.size).toBe(4);
      test.upstream.script((exchange) => {
        if (kept.has(exchange.request.socketPort)) return exchange.reset();
        return scripts.answersText('Hello')(exchange);
      });
      const answers = await Promise.all(Array.from({ length: 4 }, () => test.complete()));
      expect(answers.map(({ text }) => text)).toEqual(Array(4).fill('Hello'));
      expect(test.upstream.requests).toHaveLength(4 + 4 + 4);
    });

    it('fails when the fresh connection is broken, too', async () => {
      for (const [, breaking] of breaks) {
        await keepConnections(1);
        const before = test.upstream.requests.length;
        test.upstream.script(breaking);
        expect(await failure(test.open())).toMatchObject({
          fault: 'upstream_unavailable',
          mayRetry: true,
        });
        expect(test.upstream.requests).toHaveLength(before + 2);
      }
    });

    it.each(['cut', 'reset'] as const)('fails on a %s after any byte of an answer', async (how) => {
      await keepConnections(1);
      test.upstream.script(async (exchange) => {
        await exchange.writeRaw('HTTP/1.1 2');
        // A reset overtakes what was written: not before the other side has read it.
        if (how === 'reset') await nextTurns();
        exchange[how]();
      });
      expect((await failure(test.open())).fault).toBe('upstream_unavailable');
      expect(test.upstream.requests).toHaveLength(2);
    });

    it.each(['http', 'https'])(
      'fails when a new %s connection is reset while it is being made',
      async (scheme) => {
        let connections = 0;
        const server = createServer((socket) => {
          connections += 1;
          socket.resetAndDestroy();
        });
        server.listen(0, '127.0.0.1');
        await once(server, 'listening');
        test.with({ baseUrl: urlOf(server).replace('http', scheme) });
        expect((await failure(test.open())).fault).toBe('upstream_unavailable');
        expect((await failure(test.complete())).fault).toBe('upstream_unavailable');
        server.close();
        expect(connections).toBe(2);
      },
    );

    it('is cut, and asks nobody again, when it breaks after the headers', async () => {
      await keepConnections(1);
      test.upstream.script(scripts.streamsTextThenCuts([]));
      expect((await failure(test.stream())).fault).toBe('upstream_cut');
      expect(test.upstream.requests).toHaveLength(2);
    });

    it('leaves at once when it is aborted while it asks once more', async () => {
      await keepConnections(1);
      const caller = new AbortController();
      test.upstream.script(resetsBeforeHeaders(), stallsBeforeHeaders());
      const opening = test.open(caller.signal);
      await test.upstream.request(2);
      caller.abort();
      expect(await outcome(opening)).toBe('rejected');
      await test.upstream.left(2);
      expect(test.upstream.requests).toHaveLength(3);
    });

    it('closes the request that was sent again, too, when it is closed', async () => {
      await keepConnections(1);
      test.upstream.script(resetsBeforeHeaders(), scripts.stallsAfter(['Hel']));
      const batches = (await test.open())[Symbol.asyncIterator]();
      await batches.next();
      await test.backend.close();
      await test.upstream.left(2);
      expect(test.upstream.requests[2]!.isClosed).toBe(true);
    });

    /** Has `count` answers at the same time, each over a connection that is kept. */
    async function keepConnections(count: number): Promise<void> {
      const together = Promise.withResolvers<void>();
      let waiting = count;
      const script: UpstreamScript = async (exchange) => {
        waiting -= 1;
        if (waiting === 0) together.resolve();
        await together.promise;
        await scripts.answersText('Hi')(exchange);
      };
      test.upstream.script(script);
      await Promise.all(Array.from({ length: count }, () => test.complete()));
      // undici frees a connection in the turn of the event loop after the one that ended the response.
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
}

async function nextTurns(): Promise<void> {
  for (let n = 0; n < 5; n += 1) await new Promise((resolve) => setImmediate(resolve));
}
