import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.js';
import { replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, PartReader, endsOf, textOf } from './backend-under-test.js';

/** A finish reason that means failure ends no answer well. */
export function finishContract(kind: BackendKind): void {
  describe('with a finish reason', () => {
    const test = new BackendUnderTest(kind);

    it.each([
      'abort',
      'error',
      'network_error',
      'insufficient_system_resource',
      'cancelled',
      'load',
      'unload',
    ])('%s is cut: before content, behind it, and as a whole answer', async (finishReason) => {
      for (const tokens of [[], ['Hel', 'lo']]) {
        test.upstream.script(kind.scripts.streamsText(tokens, kind.finishing(finishReason)));
        const reader = new PartReader(await test.open());
        expect(await failure(reader.rest())).toMatchObject({
          fault: 'upstream_cut',
          mayFallBack: true,
        });
        expect(textOf(reader.read)).toBe(tokens.join(''));
        expect(endsOf(reader.read)).toEqual([]);
      }
      test.upstream.script(kind.scripts.answersText('Hello', kind.finishing(finishReason)));
      expect((await failure(test.complete())).fault).toBe('upstream_cut');
    });

    it('that is a failure beside content takes nothing of the content down', async () => {
      test.upstream.script(replays(kind.streamType, kind.abortedWith('Hel')));
      const reader = new PartReader(await test.open());
      expect((await failure(reader.rest())).fault).toBe('upstream_cut');
      expect(textOf(reader.read)).toBe('Hel');
    });

    const reasons = [
      ['stop', 'stop'],
      ['length', 'length'],
      ['model_length', 'length'],
      ['max_tokens', 'length'],
      ['SAFETY', 'content_filter'],
      ['eos_token', 'stop'],
    ] as const;
    const known = reasons.filter(([, reason]) => reason !== 'stop' || !kind.hasNoStopReasons);
    const unknown = kind.hasNoStopReasons ? 'length' : 'other';

    it.each(known)('%s ends by %s', async (finishReason, reason) => {
      test.upstream.script(kind.scripts.streamsText(['Hi'], kind.finishing(finishReason)));
      expect((await test.stream()).at(-1)).toMatchObject({ reason, rawReason: finishReason });
      test.upstream.script(kind.scripts.answersText('Hi', kind.finishing(finishReason)));
      expect((await test.complete()).finishReason).toBe(reason);
      expect(test.told.unknownFinishReason).toEqual([]);
    });

    it('that nobody knows ends well, and somebody hears of its word', async () => {
      test.upstream.script(kind.scripts.streamsText(['Hi'], kind.finishing('tired')));
      expect((await test.stream()).at(-1)).toMatchObject({ type: 'end', reason: unknown });
      test.upstream.script(kind.scripts.answersText('Hi', kind.finishing('bored')));
      expect((await test.complete()).finishReason).toBe(unknown);
      expect(test.told.unknownFinishReason).toEqual(['tired', 'bored']);
    });
  });

  describe('with token counts', () => {
    const test = new BackendUnderTest(kind);

    it.each([-35, 1e308, 2.5, 1e10, 'many'])('of %s has none of them', async (count) => {
      test.upstream.script(kind.streamsCounts(count));
      const end = (await test.stream()).at(-1);
      expect(end).toMatchObject({
        type: 'end',
        reason: 'stop',
        usage: { input: undefined, output: 3 },
      });
      expect(test.told.implausibleUsage).toBeGreaterThan(0);
    });
  });
}
