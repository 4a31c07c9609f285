import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/contract/faults.js';
import { failure } from '../support/failure.js';
import { ScriptedUpstream, type UpstreamScript } from '../support/scripted-upstream.js';
import { SilentServer } from '../support/silent-server.js';
import { cutsBeforeHeaders, replays, resetsBeforeHeaders } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, PartReader, endsOf, textOf } from './backend-under-test.js';

/** A stream never lies: what was cut is never shown as complete, and what is complete is never lost. */
export function brokenStreamContract(kind: BackendKind): void {
  const { scripts } = kind;

  describe('without a response', () => {
    const test = new BackendUnderTest(kind);

    it('cannot reach an upstream that refuses the connection', async () => {
      const gone = await ScriptedUpstream.start();
      await gone.close();
      test.with({ baseUrl: kind.baseUrlOf(gone) });
      const error = await failure(test.open());
      expect(error).toMatchObject({ fault: 'upstream_unavailable', mayRetry: true });
      expect(error.upstream).toEqual({});
      expect((await failure(test.complete())).fault).toBe('upstream_unavailable');
    });

    it('gives up connecting after connectMs, and is not to ask a silent upstream again', async () => {
      const server = await SilentServer.start();
      test.with({ baseUrl: server.url, connectMs: 50 });
      for (const ask of [() => test.open(), () => test.complete()]) {
        expect(await failure(ask())).toMatchObject({
          fault: 'upstream_unavailable',
          mayRetry: false,
          mayFallBack: true,
        });
      }
      await server.close();
    });

    it.each([
      ['reset', resetsBeforeHeaders()],
      ['close', cutsBeforeHeaders()],
    ])('takes a %s before the headers for an upstream that is unavailable', async (_, script) => {
      test.upstream.script(script);
      for (const ask of [() => test.open(), () => test.complete()]) {
        expect(await failure(ask())).toMatchObject({
          fault: 'upstream_unavailable',
          mayRetry: true,
        });
      }
      expect(test.upstream.requests).toHaveLength(2);
    });
  });

  describe('with a stream that breaks', () => {
    const test = new BackendUnderTest(kind);

    const breaks: readonly (readonly [string, string, UpstreamScript])[] = [
      ['the body ends right after the headers', '', scripts.streamsTextThenEnds([])],
      [
        'the body ends without a finish reason',
        'Hello',
        scripts.streamsTextThenEnds(['Hel', 'lo']),
      ],
      ['the connection closes right after the headers', '', scripts.streamsTextThenCuts([])],
      [
        'the connection closes within the stream',
        'Hello',
        scripts.streamsTextThenCuts(['Hel', 'lo']),
      ],
    ];
    it.each(breaks)('is cut when %s', async (_, text, script) => {
      test.upstream.script(script);
      const reader = new PartReader(await test.open());
      expect((await failure(reader.rest())).fault).toBe('upstream_cut');
      expect(textOf(reader.read)).toBe(text);
      expect(endsOf(reader.read)).toEqual([]);
      expect(await reader.next()).toBeUndefined();
    });

    it('is cut when the connection is reset, before the first event and after it', async () => {
      for (const tokens of [[], ['Hel']]) {
        const step = scripts.stepper();
        test.upstream.script(step.script);
        const opened = test.open();
        await step.open();
        const reader = new PartReader(await opened);
        for (const token of tokens) {
          await step.next(token);
          await reader.untilText(token);
        }
        await step.reset();
        expect((await failure(reader.rest())).fault).toBe('upstream_cut');
        expect(endsOf(reader.read)).toEqual([]);
      }
    });

    it('is cut by an event that begins like JSON and is broken', async () => {
      const body =
        kind.textEvent('Hel') + kind.brokenEvent + kind.textEvent('lo') + kind.finishEvent;
      test.upstream.script(replays(kind.streamType, body));
      const reader = new PartReader(await test.open());
      expect((await failure(reader.rest())).fault).toBe('upstream_cut');
      expect(textOf(reader.read)).toBe('Hel');
    });

    it.each(['text/html', 'text/plain', ''])(
      'takes a 200 of type "%s" for another protocol',
      async (type) => {
        test.upstream.script(replays(type, '<html>Welcome to nginx</html>'));
        const error = await failure(test.open());
        expect(error.fault).toBe('upstream_protocol');
        expect(error.message).not.toContain('nginx');
      },
    );

    it('gives an event of almost maxEventBytes, and takes a longer one for another protocol', async () => {
      const almost = 'x'.repeat(1024 * 1024 - 1024);
      const over = 'x'.repeat(1024 * 1024);
      test.upstream.script(
        replays(kind.streamType, kind.textEvent(almost) + kind.finishEvent),
        replays(kind.streamType, kind.textEvent('Hel') + kind.textEvent(over) + kind.finishEvent),
      );
      expect(textOf(await test.stream())).toBe(almost);
      const reader = new PartReader(await test.open());
      expect((await failure(reader.rest())).fault).toBe('upstream_protocol');
      expect(textOf(reader.read)).toBe('Hel');
      expect(endsOf(reader.read)).toEqual([]);
    });

    it('takes 64 KiB that do not begin like an event for another protocol', async () => {
      test.upstream.script(async (exchange) => {
        exchange.open(kind.streamType);
        await exchange.write(kind.textEvent('Hello') + kind.noise.trimEnd());
        for (;;) await exchange.write('x'.repeat(16 * 1024));
      });
      const held = new PartReader(await test.open());
      expect((await failure(held.rest())).message).toContain('65536');
      await test.upstream.left(0);
    });

    it('takes an event without an end for another protocol, not for a reason to fill the memory', async () => {
      test.upstream.script(async (exchange) => {
        exchange.open(kind.streamType);
        await exchange.write(kind.textEvent('Hello').trimEnd().slice(0, -1));
        for (;;) await exchange.write('x'.repeat(64 * 1024));
      });
      const reader = new PartReader(await test.open());
      expect((await failure(reader.rest())).fault).toBe('upstream_protocol');
      await test.upstream.left(0);
    });
  });

  describe('with an error within the stream', () => {
    const test = new BackendUnderTest(kind);
    const cases = kind.inBandErrors.flatMap(([what, error, fault]) => [
      [what, 'before any content', fault, error, []] as const,
      [what, 'after content', fault, error, ['Hel', 'lo']] as const,
    ]);

    it.each<readonly [string, string, Fault, unknown, readonly string[]]>(cases)(
      'takes %s %s for %s',
      async (_what, _when, fault, error, tokens) => {
        test.upstream.script(scripts.inBandError(error, tokens));
        const reader = new PartReader(await test.open());
        const thrown = await failure(reader.rest());
        expect(thrown.fault).toBe(fault);
        expect(thrown.message).not.toContain('sk-secret');
        expect(textOf(reader.read)).toBe(tokens.join(''));
        expect(endsOf(reader.read)).toEqual([]);
        expect(await reader.next()).toBeUndefined();
      },
    );
  });

  describe('after the finish reason', () => {
    const test = new BackendUnderTest(kind);

    it.each(['eof', 'cut', 'reset', 'stall'] as const)('is whole, also on %s', async (how) => {
      const step = scripts.stepper();
      test.upstream.script(step.script);
      const opened = test.open();
      await step.next('Hello');
      const reader = new PartReader(await opened);
      await reader.untilText('Hello');
      const finish = reader.next();
      await step.send(kind.finishEvent);
      await finish;
      await step[how]();

      const parts = await reader.rest();
      expect(textOf(parts)).toBe('Hello');
      expect(endsOf(parts)).toHaveLength(1);
      expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
    });

    it('is whole, whatever nonsense comes behind it', async () => {
      const nonsense = [kind.brokenEvent, kind.textEvent('x'.repeat(2 ** 21)), kind.noise];
      test.upstream.script(
        ...nonsense.map((bytes) =>
          replays(kind.streamType, kind.textEvent('Hello') + kind.finishEvent + bytes),
        ),
      );
      for (const _ of nonsense) {
        const parts = await test.stream();
        expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' });
        expect(endsOf(parts)).toHaveLength(1);
      }
    });

    it('gives up the connection of an upstream that does not end', async () => {
      const step = scripts.stepper();
      test.upstream.script(step.script);
      const opened = test.open();
      await step.next('Hello');
      await step.send(kind.finishEvent);
      await step.stall();
      await new PartReader(await opened).rest();
      await test.upstream.left(0);
      expect(test.upstream.requests[0]!.isClosed).toBe(true);
    });
  });
}
