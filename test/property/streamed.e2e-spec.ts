import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { OLLAMA_STREAM_TYPE } from '../support/ollama-script.js';
import { OPENAI_STREAM_TYPE } from '../support/openai-script.js';
import { callerStream } from './caller-stream.js';
import { bodyEnd, damaged, pieceSizes } from './damage.js';
import { plays } from './plays.js';
import { type Piece, readingOfNdjson, readingOfSse } from './reading.js';
import { ollamaBody, openAiBody } from './upstream-bodies.js';

const RUNS = { numRuns: 250, interruptAfterTimeLimit: 15_000 };

const upstreams = {
  openai: { model: 'gpt-only', type: OPENAI_STREAM_TYPE, body: openAiBody, read: readingOfSse },
  ollama: { model: 'llama3', type: OLLAMA_STREAM_TYPE, body: ollamaBody, read: readingOfNdjson },
} as const;

describe('whatever the bytes of an upstream are, and however they are split', () => {
  let gateway: Gateway;
  let generations = 0;
  beforeAll(async () => {
    // Every second answer here is a failure, and none of them concerns the next.
    gateway = await Gateway.start({ breaker: { failures: 1_000_000 } });
  });
  afterAll(async () => {
    await gateway.close();
  });

  const ask = {
    openai: (model: string) => gateway.complete({ model }),
    chat: (model: string) =>
      gateway.post(`/chat/${model}`, { messages: [{ role: 'user', content: 'Hi' }] }),
  };

  const everyWay = (['openai', 'ollama'] as const).flatMap((kind) =>
    (['openai', 'chat'] as const).map((form) => ({ kind, form })),
  );
  it.for(everyWay)(
    '$kind, asked through $form: the answer has one end, and never a better one than the upstream gave it',
    async ({ kind, form }) => {
      const { model, type, body, read } = upstreams[kind];
      const property = fc.asyncProperty(
        damaged(body),
        pieceSizes,
        bodyEnd,
        async ({ bytes }, sizes, end) => {
          gateway[kind].script(plays(type, bytes, sizes, end));
          const n = generations++;
          const { terminal, pieces } = await callerStream(await ask[form](model), form);
          const { endReason } = await gateway.ended(n);

          const said = read(bytes);
          const expected = form === 'chat' ? asChatSays(said.pieces) : said.pieces;
          const isDone = terminal === 'done';
          const isWhole = said.end === 'finished';
          // What was not read yet is lost with a connection that breaks; what arrives is in order all the same.
          // Behind a reason that was the last word until then, the answer is whole all the same.
          const isSure = end === 'eof';
          expect(pieces).toEqual(isSure ? expected : expected.slice(0, pieces.length));
          const maySay = isSure ? [isWhole] : [isWhole, false, wasWholeOnce(bytes, read)];
          expect(maySay).toContain(isDone);
          expect(endReason === 'completed').toBe(isDone);
          const isCut = end === 'eof' && said.end === 'cut';
          expect(isCut ? endReason : 'upstream_cut').toBe('upstream_cut');
        },
      );
      await fc.assert(property, RUNS);
    },
  );
});

/** A reset may come when only so much was read, and a reason was the last word of that. */
function wasWholeOnce(
  bytes: Uint8Array,
  read: (bytes: Uint8Array) => { readonly end: string },
): boolean {
  const LF = 10;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (read(bytes.subarray(0, at + 1)).end === 'finished') return true;
  }
  return false;
}

/** A refusal is something to read like any other text there, and a call has its name once. */
function asChatSays(pieces: readonly Piece[]): Piece[] {
  const names: string[] = [];
  return pieces.map(([kind, ...rest]): Piece => {
    if (kind !== 'tool') return [kind === 'refusal' ? 'text' : kind, ...rest];
    const [index, name, args] = rest as [number, string, string];
    const said = name === names[index] ? '' : name;
    names[index] = (names[index] ?? '') + said;
    return [kind, index, said, args];
  });
}
