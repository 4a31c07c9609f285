import { describe, expect, it } from 'vitest';
import { deepList, deepObject, jsonWith } from '../support/deep-json.js';
import { failure } from '../support/failure.js';
import { answers, failsWith, replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest, PartReader, textOf } from './backend-under-test.js';

const DEEP: readonly (readonly [string, string])[] = [5000, 20_000, 200_000].flatMap((levels) => [
  [`${levels} lists`, deepList(levels)] as const,
  [`${levels} objects`, deepObject(levels)] as const,
]);

/** Where something is looked for in the word of a failure. */
const COMPLAINTS: readonly ((deep: string) => unknown)[] = [
  (deep) => deep,
  (deep) => [deep],
  (deep) => ({ error: deep }),
  (deep) => ({ error: [deep] }),
  (deep) => ({ errors: deep }),
  (deep) => ({ detail: deep }),
  (deep) => ({ detail: [{ msg: 'No.', loc: ['body', deep], input: deep }] }),
  (deep) => ({ error: { message: deep, code: deep, type: deep, param: deep } }),
  (deep) => ({ error: { message: 'Slow.', metadata: { headers: { 'retry-after': deep } } } }),
  (deep) => ({ error: { message: 'Slow.', headers: { 'retry-after': [deep] } } }),
  (deep) => ({ error: { message: 'Slow.', details: [{ quotaId: deep, retryDelay: deep }] } }),
  (deep) => ({ error: { message: 'Slow.', retry_after: deep, retry_after_ms: [deep] } }),
];

/** What is nested without end exhausts nobody's stack: it is a fault of the upstream's, not of ours. */
export function deepJsonContract(kind: BackendKind): void {
  describe('sent JSON that is nested without end', () => {
    const test = new BackendUnderTest(kind);

    it.each(DEEP)('does with the status of a refusal: %s', async (_, deep) => {
      for (const complaint of COMPLAINTS) {
        test.upstream.script(failsWith(503, jsonWith(deep, complaint)));
        expect((await failure(test.open())).fault).toBe('upstream_unavailable');
        expect((await failure(test.complete())).fault).toBe('upstream_unavailable');
      }
    });

    it.each(DEEP)(
      'takes the body of a 200 for some failure of its upstream: %s',
      async (_, deep) => {
        for (const complaint of COMPLAINTS) {
          test.upstream.script(answers(jsonWith(deep, complaint)));
          expect((await failure(test.complete())).fault).toMatch(
            /^(?:upstream_|rate_limited$|invalid_request$)/,
          );
          test.upstream.script(answers(jsonWith(deep, complaint)));
          expect((await failure(test.stream())).fault).toMatch(
            /^(?:upstream_|rate_limited$|invalid_request$)/,
          );
        }
      },
    );

    it.each(DEEP)('takes a failure within a stream for one: %s', async (_, deep) => {
      for (const complaint of COMPLAINTS.slice(2)) {
        const event = kind.event(jsonWith(deep, complaint));
        test.upstream.script(replays(kind.streamType, kind.textEvent('Hel') + event));
        const reader = new PartReader(await test.open());
        await expect(reader.rest()).rejects.toMatchObject({
          fault: expect.stringMatching(/^(?:upstream_|rate_limited$|invalid_request$)/) as string,
        });
        expect(textOf(reader.read)).toBe('Hel');
      }
    });

    it.each(DEEP)(
      'takes an answer for another protocol, wherever it is deep: %s',
      async (_, deep) => {
        for (const answer of kind.answersWith) {
          const body = jsonWith(deep, answer);
          test.upstream.script(answers(body));
          expect((await failure(test.complete())).fault).toBe('upstream_protocol');
          test.upstream.script(answers(body));
          expect((await failure(test.stream())).fault).toBe('upstream_protocol');
        }
      },
    );

    it.each(DEEP)(
      'takes an event for another protocol, wherever it is deep: %s',
      async (_, deep) => {
        for (const eventWith of kind.eventsWith) {
          const event = kind.event(jsonWith(deep, eventWith));
          test.upstream.script(replays(kind.streamType, kind.textEvent('Hel') + event));
          const reader = new PartReader(await test.open());
          await expect(reader.rest()).rejects.toMatchObject({ fault: 'upstream_protocol' });
          expect(textOf(reader.read)).toBe('Hel');
        }
      },
    );

    it('takes arguments of a tool of a hundred levels as they are', async () => {
      const deep = deepObject(100);
      test.upstream.script(answers(jsonWith(deep, kind.answersWith.at(-1)!)));
      const { toolCalls } = await test.complete();
      expect(toolCalls[0]!.name).toBe('sum');
    });
  });
}
