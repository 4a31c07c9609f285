import { describe, expect, it } from 'vitest';
import { replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, PartReader, endsOf, textOf } from './backend-under-test.js';

/** What is no event of the protocol costs nobody their answer, and somebody hears of it. */
export function noiseContract(kind: BackendKind): void {
  describe('sent noise', () => {
    const test = new BackendUnderTest(kind);

    it('passes over what is no JSON at all, and tells of each piece', async () => {
      const { noise } = kind;
      const body = [noise, kind.textEvent('Hel'), noise, noise, kind.textEvent('lo')];
      test.upstream.script(replays(kind.streamType, body.join('') + kind.finishEvent));
      const parts = await test.stream();
      expect(textOf(parts)).toBe('Hello');
      expect(endsOf(parts)).toHaveLength(1);
      expect(test.told.malformedEvent).toBe(3);
    });

    it('tells of it wherever it was split', async () => {
      const body = kind.noise + kind.textEvent('Hello') + kind.noise + kind.finishEvent;
      for (const size of [1, 2, 3, 7]) {
        test.upstream.script(replays(kind.streamType, body, size));
        expect(textOf(await test.stream())).toBe('Hello');
      }
      expect(test.told.malformedEvent).toBe(8);
    });

    it('tells of nothing where there are only comments, empty lines and unknown JSON', async () => {
      const { meaningless } = kind;
      const body = [meaningless, kind.textEvent('Hel'), meaningless, kind.textEvent('lo')];
      test.upstream.script(replays(kind.streamType, body.join('') + kind.finishEvent));
      expect(textOf(await test.stream())).toBe('Hello');
      expect(test.told.malformedEvent).toBe(0);
    });

    it('does not take lost content for noise', async () => {
      test.upstream.script(replays(kind.streamType, kind.textEvent('Hel') + kind.brokenEvent));
      const reader = new PartReader(await test.open());
      await expect(reader.rest()).rejects.toMatchObject({ fault: 'upstream_cut' });
      expect(test.told.malformedEvent).toBe(0);
    });
  });
}
