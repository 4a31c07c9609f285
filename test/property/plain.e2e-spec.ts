import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { within } from '../support/within.js';
import { bodyOf, errorIn } from './caller-stream.js';
import { bodyEnd, damaged, pieceSizes } from './damage.js';
import { plays } from './plays.js';
import { textOfAnswer } from './reading.js';
import { ollamaAnswer, openAiAnswer } from './upstream-bodies.js';

const RUNS = { numRuns: 200, interruptAfterTimeLimit: 15_000 };

describe('whatever the bytes of a plain answer are, and however they are split', () => {
  let gateway: Gateway;
  let generations = 0;
  beforeAll(async () => {
    gateway = await Gateway.start({ breaker: { failures: 1_000_000 } });
  });
  afterAll(async () => {
    await gateway.close();
  });

  it.for([
    ['openai', 'gpt-only', openAiAnswer],
    ['ollama', 'llama3', ollamaAnswer],
  ] as const)(
    '%s: a whole one is passed on, anything else is an error',
    async ([kind, model, answer]) => {
      const property = fc.asyncProperty(
        damaged(answer),
        pieceSizes,
        bodyEnd,
        async ({ bytes }, sizes, end) => {
          gateway[kind].script(plays('application/json', bytes, sizes, end));
          const n = generations++;
          const response = await gateway.complete({ model, stream: false });
          const { text, end: ended } = await within(bodyOf(response), 'the answer ends');
          const { endReason } = await gateway.ended(n);

          // The end of the body is part of it: what was cut is not whole, whatever its JSON looks like.
          const said = end === 'eof' ? textOfAnswer(bytes) : undefined;
          expect(ended).toBe('clean');
          expect(endReason === 'completed').toBe(response.status === 200);
          expect(response.status === 200).toBe(said !== undefined);
          const got = response.status === 200 ? textOfAnswer(Buffer.from(text)) : undefined;
          expect(got).toBe(said);
          if (said === undefined) errorIn(response, text);
        },
      );
      await fc.assert(property, RUNS);
    },
  );
});
