import { describe, expect, it } from 'vitest';
import { NO_NOTICES } from '../support/attempt-context.js';
import { sourceOf } from '../support/upstream-settings.js';
import type { UpstreamExchange } from '../support/scripted-upstream.js';
import { within } from '../support/within.js';
import type { BackendKind } from './backend-kind.js';
import {
  BackendUnderTest,
  PartReader,
  REQUEST,
  TARGET,
  all,
  endsOf,
  textOf,
} from './backend-under-test.js';

/** Order of the parts, and that nothing is read that nobody asked for. */
export function streamContract(kind: BackendKind): void {
  const { scripts } = kind;

  describe('as a stream of parts', () => {
    const test = new BackendUnderTest(kind);

    it('gives one start, the text in order and one end', async () => {
      test.upstream.script(scripts.streamsText(['Hel', 'lo', ' 👩‍💻']));
      const parts = await test.stream();

      expect(parts[0]).toMatchObject({ type: 'start', backend: 'under-test' });
      expect(parts.filter(({ type }) => type === 'start')).toHaveLength(1);
      expect(textOf(parts)).toBe('Hello 👩‍💻');
      expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
      expect(endsOf(parts)).toHaveLength(1);
    });

    it('reports the token counts of the upstream', async () => {
      test.upstream.script(scripts.streamsText(['Hello']));
      const parts = await test.stream();
      expect(parts.at(-1)).toMatchObject({ usage: { input: 9, output: 3 } });
    });

    it('takes an answer without any text for an answer', async () => {
      test.upstream.script(scripts.streamsText([]));
      const parts = await test.stream();
      expect(parts[0]!.type).toBe('start');
      expect(endsOf(parts)).toHaveLength(1);
    });

    it('gives every token as soon as it came, before the next is there', async () => {
      const step = scripts.stepper();
      test.upstream.script(step.script);
      const opened = test.open();
      await step.open();
      const reader = new PartReader(await opened);

      for (const token of ['one', 'two', 'three']) {
        await step.next(token);
        await reader.untilText(token);
      }
      await step.finish();
      expect(endsOf(await reader.rest())).toHaveLength(1);
    });

    it('resolves open() with the headers, before any event', async () => {
      test.upstream.script(scripts.stallsAfter([]));
      expect(Symbol.asyncIterator in (await test.open())).toBe(true);
    });

    it('can be read once, and does not ask the upstream again', async () => {
      test.upstream.script(scripts.streamsText(['Hello']));
      const parts = await test.open();
      await all(parts);
      const again = await all(parts).catch(() => []);
      expect(again).toEqual([]);
      expect(test.upstream.requests).toHaveLength(1);
    });

    it('keeps streams that run at the same time apart', async () => {
      const steps = [scripts.stepper(), scripts.stepper()] as const;
      test.upstream.script(steps[0].script, steps[1].script);
      const readers: PartReader[] = [];
      for (const step of steps) {
        const opened = test.open();
        await step.open();
        readers.push(new PartReader(await opened));
      }
      await steps[0].next('a');
      await steps[1].next('b');
      await steps[0].cut();
      await steps[1].finish();
      await expect(readers[0]!.rest()).rejects.toMatchObject({ fault: 'upstream_cut' });
      expect(textOf(await readers[1]!.rest())).toBe('b');
    });

    it('says what fits without asking the upstream', () => {
      expect(test.backend.fit(REQUEST, TARGET)).toEqual({ ignored: [] });
      expect(test.upstream.requests).toHaveLength(0);
    });
  });

  describe('read slowly', () => {
    const test = new BackendUnderTest(kind);
    const token = 'x'.repeat(16 * 1024);
    const tokens = 4096;
    // Both kernels' buffers on loopback (up to 4 + 6 MiB) and ours, out of 64 MiB.
    const bound = 16 * 1024 * 1024;

    it('leaves the answer with the upstream while nothing was asked for', async () => {
      const exchange = streamsMuch();
      await test.open();
      expect(await bytesOnceBlocked(await exchange)).toBeLessThan(bound);
    });

    it('stops the upstream when reading stops, and loses nothing when it goes on', async () => {
      const exchange = streamsMuch();
      const reader = new PartReader(await test.open());
      await reader.untilText('x');
      expect(await bytesOnceBlocked(await exchange)).toBeLessThan(bound);

      let length = textOf(reader.read).length;
      let last = reader.read.at(-1);
      for (let part = last; part; part = await reader.next()) {
        if (part !== last && part.type === 'text-delta') length += part.text.length;
        last = part;
        reader.read.length = 0;
      }
      expect(length).toBe(tokens * token.length);
      expect(last?.type).toBe('end');
    });

    it('asks for bytes only when a part is asked for', async () => {
      let pulls = 0;
      const pieces = [...Array.from({ length: 5 }, () => kind.textEvent('ok')), kind.finishEvent];
      const reader = new PartReader(
        kind.readStream(
          {
            async *[Symbol.asyncIterator]() {
              for (const piece of pieces) {
                pulls += 1;
                yield Buffer.from(piece);
              }
            },
          },
          sourceOf(),
          NO_NOTICES,
        ),
      );
      expect(pulls).toBe(0);
      await reader.next();
      expect(pulls).toBe(1);
      expect(textOf(await reader.rest())).toBe('ok'.repeat(5));
    });

    /** Writes up to 64 MiB, as fast as they are taken. */
    function streamsMuch(): Promise<UpstreamExchange> {
      const step = scripts.stepper();
      test.upstream.script(async (exchange) => {
        await step.script(exchange);
        for (let n = 0; n < tokens; n += 1) await step.next(token);
        await step.finish();
      });
      return step.exchange;
    }
  });

  describe('left before the end', () => {
    const test = new BackendUnderTest(kind);

    it('closes the connection of an answer that goes on', async () => {
      test.upstream.script(scripts.streamsForever('more'));
      const reader = new PartReader(await test.open());
      await reader.untilText('more');
      await within(reader.leave(), 'the iterator returns');
      await within(test.upstream.left(0), 'the upstream sees it leave');
      expect(test.upstream.requests[0]!.isClosed).toBe(true);
    });
  });
}

/** What the upstream got rid of, once it could write nothing for a while. */
async function bytesOnceBlocked(exchange: UpstreamExchange): Promise<number> {
  for (let before = -1; before !== exchange.bytesWritten;) {
    before = exchange.bytesWritten;
    // Not a wait for luck: without backpressure all bytes would be gone by then, and the test fails.
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return exchange.bytesWritten;
}
