import * as fc from 'fast-check';
import type { JsonObject } from '../../src/contract/json.js';
import { doneLine, messageLine, toolCallsLine } from '../support/ollama-script.js';
import {
  completion,
  deltaChunk,
  finishChunk,
  reasoningChunk,
  roleChunk,
  toolArgumentsChunk,
  toolCallChunk,
  usageChunk,
} from '../support/openai-script.js';

/** Anything that a model may say: every character, halves of pairs, and what looks like protocol. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '\ud83d',
    '\ude00',
    '\0',
    '\n',
    '\r\n\r\n',
    'data: [DONE]\n\n',
    '\u2028',
    '\ufeff',
  ),
  fc.constantFrom('{"error":{}}', '[DONE]', ': x\n\n', '"}]}', ''),
);

/** What is no event of the protocol, and nothing of an answer. */
const noise = fc.constantFrom(
  '?',
  'garbage',
  '<html>',
  'true',
  '12',
  'null',
  '"text"',
  '\u{1f600}',
);

/** What starts like JSON and cannot be read. */
const broken = fc.constantFrom('{"choices":[{"delta":{"content":"lo', '{', '[1,', '  {"a"}');

const upstreamError = fc.constantFrom<unknown>(
  { message: 'It broke.', type: 'server_error' },
  { message: '', code: 503 },
  'it broke',
  true,
);

const toolName = fc.constantFrom('look_up', 'sum');

/** `data` of events: mostly those of a whole answer, sometimes what does not belong there. */
const openAiEvent: fc.Arbitrary<JsonObject | string> = fc.oneof(
  { weight: 8, arbitrary: anyText.map((text) => deltaChunk({ content: text })) },
  // Gemini's compatible endpoint, and others, say it with every piece.
  {
    weight: 1,
    arbitrary: anyText.map((text) => deltaChunk({ content: text }, {}, { finish_reason: 'stop' })),
  },
  { weight: 2, arbitrary: anyText.map((text) => reasoningChunk(text)) },
  { weight: 1, arbitrary: anyText.map((text) => deltaChunk({ reasoning: text, content: text })) },
  { weight: 1, arbitrary: anyText.map((text) => deltaChunk({ refusal: text })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(2), toolName)
      .map(([n, name]) => toolCallChunk(n, `call_${n}`, name)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(2), anyText).map(([n, text]) => toolArgumentsChunk(n, text)),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      roleChunk(),
      deltaChunk({}),
      usageChunk({ prompt_tokens: 1 }),
      { choices: [] },
      {},
    ),
  },
  { weight: 1, arbitrary: noise },
);
const openAiFault: fc.Arbitrary<JsonObject | string> = fc.oneof(
  broken,
  upstreamError.map((error) => ({ error })),
  fc.constant('[DONE]'),
);
const openAiFinish = fc.oneof(
  fc
    .constantFrom('stop', 'length', 'tool_calls', 'eos', 'abort', 'null')
    .map((finishReason) => finishChunk({ finishReason })),
  anyText.map((text) => deltaChunk({ content: text }, {}, { finish_reason: 'stop' })),
);
/** What may follow a finish reason. */
const openAiAfter = fc.oneof(
  fc.constantFrom<JsonObject | string>(
    usageChunk({ prompt_tokens: 1, completion_tokens: 2 }),
    deltaChunk({}),
    finishChunk(),
    // It was not the last word.
    deltaChunk({ content: 'more' }),
    deltaChunk({ content: 'more' }, {}, { finish_reason: 'stop' }),
    deltaChunk({ content: 'of another answer' }, {}, { index: 1, finish_reason: 'stop' }),
  ),
  noise,
  broken,
  upstreamError.map((error) => ({ error })),
);

interface Frames {
  readonly lineEnd: string;
  readonly bom: boolean;
  /** Everything but ASCII is escaped, as Python's `json` does. */
  readonly ascii: boolean;
  readonly space: boolean;
  readonly comments: boolean;
}
const frames: fc.Arbitrary<Frames> = fc.record({
  lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
  bom: fc.boolean(),
  ascii: fc.boolean(),
  space: fc.boolean(),
  comments: fc.boolean(),
});

/** A streamed Chat Completion, not damaged yet. */
export const openAiBody: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(openAiEvent, { maxLength: 10 }),
    mostly(
      fc.constant<readonly (JsonObject | string)[]>([]),
      openAiFault.map((event) => [event]),
    ),
    seldom(fc.constant<readonly (JsonObject | string)[]>([]), fc.tuple(openAiFinish)),
    fc.array(openAiAfter, { maxLength: 2 }),
    fc.constantFrom<readonly string[]>(['[DONE]'], ['[DONE]'], []),
    frames,
  )
  .map(([events, fault, finish, after, done, how]) => {
    const rest = finish.length > 0 ? after : [];
    const all = [...events, ...fault, ...finish, ...rest, ...done];
    return bytesOf(all.map((event) => sseFrame(event, how)).join(''), how);
  });

const ollamaLine: fc.Arbitrary<JsonObject | string> = fc.oneof(
  { weight: 8, arbitrary: anyText.map((text) => messageLine({ content: text })) },
  { weight: 2, arbitrary: anyText.map((text) => messageLine({ thinking: text })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(toolName, anyText)
      .map(([name, text]) => toolCallsLine([{ name, arguments: { text } }])),
  },
  { weight: 1, arbitrary: fc.constantFrom<JsonObject>({}, messageLine({}), { done: false }) },
  { weight: 1, arbitrary: fc.oneof(noise, fc.constant('')) },
);
const ollamaFault: fc.Arbitrary<JsonObject | string> = fc.oneof(
  broken,
  upstreamError.map((error) => ({ error })),
);

/** A streamed `/api/chat`, not damaged yet. */
export const ollamaBody: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(ollamaLine, { maxLength: 10 }),
    mostly(
      fc.constant<readonly (JsonObject | string)[]>([]),
      ollamaFault.map((line) => [line]),
    ),
    seldom(
      fc.constant<readonly JsonObject[]>([]),
      fc.constantFrom('stop', 'length', 'load').map((doneReason) => [doneLine({ doneReason })]),
    ),
    fc.array(fc.oneof(noise, ollamaLine), { maxLength: 1 }),
    frames,
    fc.boolean(),
  )
  .map(([lines, fault, done, after, how, lastEnd]) => {
    const lineEnd = how.lineEnd === '\r\n' ? '\r\n' : '\n';
    const all = [...lines, ...fault, ...done, ...(done.length > 0 ? after : [])];
    const text = all.map((line) => jsonText(line, how)).join(lineEnd);
    return bytesOf(text + (lastEnd ? lineEnd : ''), how);
  });

const finishReason = fc.constantFrom('stop', 'length', 'tool_calls', 'eos');

/** The JSON of a whole Chat Completion, or of what is none. */
export const openAiAnswer: fc.Arbitrary<Uint8Array> = whole(
  fc
    .tuple(anyText, finishReason)
    .map(([text, reason]) => completion(text, { finishReason: reason })),
  fc.constantFrom<JsonObject>({}, { choices: [] }, { choices: [{ finish_reason: 'stop' }] }),
);

/** The same of `/api/chat`. */
export const ollamaAnswer: fc.Arbitrary<Uint8Array> = whole(
  fc.tuple(anyText, finishReason).map(([text, doneReason]) => doneLine({ doneReason }, text)),
  fc.constantFrom<JsonObject>({}, { done: true }, { message: 'text', done: true }),
);

function whole(
  answer: fc.Arbitrary<JsonObject>,
  other: fc.Arbitrary<JsonObject>,
): fc.Arbitrary<Uint8Array> {
  const json = fc.oneof(
    { weight: 6, arbitrary: answer },
    { weight: 1, arbitrary: other },
    { weight: 1, arbitrary: upstreamError.map((error) => ({ error })) },
  );
  return fc.tuple(json, frames).map(([each, how]) => bytesOf(jsonText(each, how), how));
}

function mostly<T>(often: fc.Arbitrary<T>, sometimes: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 5, arbitrary: often }, { weight: 1, arbitrary: sometimes });
}

function seldom<T>(sometimes: fc.Arbitrary<T>, often: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ weight: 1, arbitrary: sometimes }, { weight: 5, arbitrary: often });
}

function sseFrame(event: JsonObject | string, how: Frames): string {
  const comment = how.comments ? `: keep-alive${how.lineEnd}` : '';
  const data = `data:${how.space ? ' ' : ''}${jsonText(event, how)}`;
  return comment + data + how.lineEnd + how.lineEnd;
}

function jsonText(event: JsonObject | string, { ascii }: Frames): string {
  const text = typeof event === 'string' ? event : JSON.stringify(event);
  if (!ascii || typeof event === 'string') return text;
  return text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function bytesOf(text: string, { bom }: Frames): Uint8Array {
  return Buffer.from((bom ? '\ufeff' : '') + text);
}
