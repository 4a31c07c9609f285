import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SilentServer } from '../support/silent-server.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { outcome } from '../support/within.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest } from './backend-under-test.js';

/** From when on silence is the upstream's own, and not that of the way to it. */
export function requestSentContract(kind: BackendKind): void {
  describe('telling that its request is sent', () => {
    const test = new BackendUnderTest(kind);

    it.each(['open', 'complete'] as const)(
      'does so once for %s, before there is any answer',
      async (ask) => {
        const caller = new AbortController();
        test.upstream.script(stallsBeforeHeaders());
        const asking = test[ask](caller.signal);
        await test.upstream.request(0);
        expect(test.told.requestSent).toBe(1);
        caller.abort();
        expect(await outcome(asking)).toBe('rejected');
        expect(test.told.requestSent).toBe(1);
      },
    );

    it('does so for every request over the same connection', async () => {
      test.upstream.script(failsWith(500, kind.errorBody('No.')), kind.scripts.answersText('Hi'));
      await failure(test.open());
      expect(test.told.requestSent).toBe(1);
      await test.complete();
      expect(test.told.requestSent).toBe(2);
    });

    it('does not while there is no connection', async () => {
      const server = await SilentServer.start();
      test.with({ baseUrl: server.url, connectMs: 60_000 });
      for (const ask of ['open', 'complete'] as const) {
        const caller = new AbortController();
        const asking = test[ask](caller.signal);
        await server.connected;
        caller.abort();
        expect(await outcome(asking)).toBe('rejected');
      }
      await server.close();
      expect(test.told.requestSent).toBe(0);
    });

    it('does not when the connection is refused', async () => {
      const gone = await ScriptedUpstream.start();
      await gone.close();
      test.with({ baseUrl: kind.baseUrlOf(gone) });
      await failure(test.open());
      await failure(test.complete());
      expect(test.told.requestSent).toBe(0);
    });
  });
}
