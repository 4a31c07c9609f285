import { describe, expect, it } from 'vitest';
import { failure } from '../support/failure.js';
import { answers } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';
import { BackendUnderTest } from './backend-under-test.js';

/** Answers without streaming. */
export function completeContract(kind: BackendKind): void {
  describe('asked for a whole answer', () => {
    const test = new BackendUnderTest(kind);

    it('gives it with its finish reason and token counts', async () => {
      test.upstream.script(kind.scripts.answersText('Hello 👩‍💻'));
      const answer = await test.complete();
      expect(answer).toMatchObject({
        backend: 'under-test',
        text: 'Hello 👩‍💻',
        toolCalls: [],
        finishReason: 'stop',
        rawReason: kind.stopWord,
        usage: { input: 9, output: 3 },
      });
      expect(answer.id).not.toBe('');
      expect(answer.model).not.toBe('');
      expect(test.upstream.requests[0]!.body['stream'] ?? false).toBe(false);
    });

    it.each(['cut', 'reset'] as const)('is cut by a %s within the body', async (how) => {
      test.upstream.script(async (exchange) => {
        exchange.open('application/json');
        await exchange.write('{"id":"1","message":{"content":"Hel');
        exchange[how]();
      });
      expect((await failure(test.complete())).fault).toBe('upstream_cut');
    });

    it('is cut when the body is shorter than its content-length', async () => {
      test.upstream.script(async (exchange) => {
        exchange.open('application/json', { 'content-length': '1000' });
        await exchange.write('{}');
        exchange.cut();
      });
      expect((await failure(test.complete())).fault).toBe('upstream_cut');
    });

    it.each([
      ['half of a JSON object', '{"id":"1","message":{"content":"Hel'],
      ['an empty body', ''],
      ['JSON that is no object', '[]'],
      ['an object without an answer', '{}'],
      ['a sentence', 'Welcome!'],
    ])('takes %s for another protocol', async (_, body) => {
      test.upstream.script(answers(body));
      expect((await failure(test.complete())).fault).toBe('upstream_protocol');
    });

    it.each(kind.inBandErrors)(
      'takes %s in the body of a 200 for a failure',
      async (_, error, fault) => {
        test.upstream.script(answers({ error }));
        const thrown = await failure(test.complete());
        expect(thrown.fault).toBe(fault);
        expect(thrown.message).not.toContain('sk-secret');
      },
    );

    it('takes another content type for another protocol', async () => {
      test.upstream.script(answers('<html></html>', { 'content-type': 'text/html' }));
      expect((await failure(test.complete())).fault).toBe('upstream_protocol');
    });
  });
}
