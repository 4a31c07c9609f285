import { describe, expect, it } from 'vitest';
import { SilentServer } from '../support/silent-server.js';
import { stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { outcome, within } from '../support/within.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, PartReader } from './backend-under-test.js';

/** A caller that leaves takes the upstream's work with it, in every phase. */
export function abortContract(kind: BackendKind): void {
  const { scripts } = kind;

  describe('aborted', () => {
    const test = new BackendUnderTest(kind);

    it('sends nothing when it was aborted before', async () => {
      expect(await outcome(test.open(AbortSignal.abort()))).toBe('rejected');
      expect(await outcome(test.complete(AbortSignal.abort()))).toBe('rejected');
      expect(test.upstream.requests).toHaveLength(0);
    });

    it('rejects at once while it connects', async () => {
      const server = await SilentServer.start();
      const caller = new AbortController();
      // Longer than the test waits: only the abort can be what it rejects by.
      test.with({ baseUrl: server.url, connectMs: 60_000 });
      const opening = test.open(caller.signal);
      await server.connected;
      caller.abort();
      try {
        expect(await outcome(opening)).toBe('rejected');
      } finally {
        await server.close();
      }
    });

    it('never sends a request that was aborted while it connected', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.streamsText(['Hi']));
      const opening = test.open(caller.signal);
      caller.abort();
      expect(await outcome(opening)).toBe('rejected');
      expect((await test.stream()).at(-1)!.type).toBe('end');
      expect(test.upstream.requests).toHaveLength(1);
    });

    it('closes the connection while it waits for the headers', async () => {
      const caller = new AbortController();
      test.upstream.script(stallsBeforeHeaders());
      const opening = test.open(caller.signal);
      await test.upstream.request(0);
      caller.abort();
      expect(await outcome(opening)).toBe('rejected');
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection while it reads the body of a refusal', async () => {
      const caller = new AbortController();
      const halfSent = Promise.withResolvers<void>();
      test.upstream.script(async (exchange) => {
        exchange.open('application/json', {}, 500);
        await exchange.write('{"error":');
        halfSent.resolve();
      });
      const opening = test.open(caller.signal);
      await halfSent.promise;
      caller.abort();
      expect(await outcome(opening)).toBe('rejected');
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection before the first event, with a batch asked for', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.stallsAfter([]));
      const reader = new PartReader(await test.open(caller.signal));
      const next = reader.next();
      caller.abort();
      expect(await outcome(next)).toBe('rejected');
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection before the first event, when nothing was ever asked for', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.stallsAfter([]));
      await test.open(caller.signal);
      caller.abort();
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection within the stream, with a batch asked for', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.stallsAfter(['Hel']));
      const reader = new PartReader(await test.open(caller.signal));
      await reader.untilText('Hel');
      const next = reader.next();
      caller.abort();
      expect(await outcome(next)).toBe('rejected');
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection within the stream while nobody reads, and never ends it well', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.streamsForever('more'));
      const reader = new PartReader(await test.open(caller.signal));
      await reader.untilText('more');
      caller.abort();
      expect(await upstreamSeesItLeave()).toBe(true);
      // What was already read may still come; after it a rejection, not an end.
      expect(await outcome(reader.rest())).toBe('rejected');
    });

    it('closes the connection after the finish reason', async () => {
      const caller = new AbortController();
      const step = scripts.stepper();
      test.upstream.script(step.script);
      const opened = test.open(caller.signal);
      await step.next('Hello');
      const reader = new PartReader(await opened);
      await reader.untilText('Hello');
      const finish = reader.next();
      await step.send(kind.finishEvent);
      await finish;
      caller.abort();
      expect(await upstreamSeesItLeave()).toBe(true);
    });

    it('closes the connection of a whole answer, before its headers and within its body', async () => {
      test.upstream.script(stallsBeforeHeaders(), async (exchange) => {
        exchange.open('application/json');
        await exchange.write('{"id":');
      });
      for (const n of [0, 1]) {
        const caller = new AbortController();
        const completing = test.complete(caller.signal);
        await test.upstream.request(n);
        caller.abort();
        expect(await outcome(completing)).toBe('rejected');
        expect(await upstreamSeesItLeave(n)).toBe(true);
      }
    });

    it('harms no other stream, and the backend goes on', async () => {
      const caller = new AbortController();
      const step = scripts.stepper();
      test.upstream.script(step.script, stallsBeforeHeaders(), scripts.streamsText(['after']));
      const opened = test.open();
      await step.next('Hel');
      const reader = new PartReader(await opened);

      const aborted = test.open(caller.signal);
      await test.upstream.request(1);
      caller.abort();
      expect(await outcome(aborted)).toBe('rejected');

      await step.next('lo');
      await step.finish();
      expect((await reader.rest()).at(-1)!.type).toBe('end');
      expect((await test.stream()).at(-1)!.type).toBe('end');
    });

    it('does nothing once the stream has ended', async () => {
      const caller = new AbortController();
      test.upstream.script(scripts.streamsText(['Hello']));
      const parts = await new PartReader(await test.open(caller.signal)).rest();
      caller.abort();
      expect(parts.at(-1)!.type).toBe('end');
      expect((await test.stream()).at(-1)!.type).toBe('end');
    });

    async function upstreamSeesItLeave(n = 0): Promise<boolean> {
      await within(test.upstream.left(n), 'the upstream sees its connection closed', 500);
      return test.upstream.requests[n]!.isClosed;
    }
  });
}
