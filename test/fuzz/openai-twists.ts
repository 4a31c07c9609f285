import type { JsonObject } from '../../src/contract/json.js';
import type { Random } from '../load/random.js';
import { jsonWith } from '../support/deep-json.js';
import {
  completion,
  deltaChunk,
  finishChunk,
  reasoningChunk,
  roleChunk,
  sse,
  toolArgumentsChunk,
  toolCallChunk,
  usageChunk,
} from '../support/openai-script.js';
import { deepJson, tooDeepJson } from './deep.js';
import { COMMON_TWISTS, type Frames, inserted, type Twist } from './twist.js';

const GOOD_REASONS = [
  'stop',
  'length',
  'eos',
  'end_turn',
  'model_length',
  'STOP',
  'content_filter',
];
const FAILING_REASONS = ['abort', 'error', 'network_error', 'insufficient_system_resource'];

const ERRORS: readonly unknown[] = [
  { message: 'It broke.', type: 'server_error' },
  { message: 'Rate limited.', code: 429 },
  { message: 'Too long.', code: 'context_length_exceeded' },
  { message: 'No such model.', code: '404' },
  'it broke',
  '',
  true,
  [],
  [{ message: 'It broke.' }],
  { message: { nested: ['it broke'] } },
  { code: -1 },
];

const COUNTS = [-35, 1e308, -1e308, 1.5, '12', null, true, {}, 2 ** 53, 0];

export const OPENAI_TWISTS = {
  ...COMMON_TWISTS,
  errorWithin: (frames, random) => inserted(frames, random, sse({ error: random.from(ERRORS) })),
  errorFirst: (_, random) => [sse({ error: random.from(ERRORS) })],
  noise: (frames, random) =>
    inserted(frames, random, random.from([': ping\n\n', 'data: noise\n\n', 'data:\n\n', '\n\n\n'])),
  otherFields: (frames, random) =>
    inserted(frames, random, 'id: 7\nevent: delta\nretry: 1\ndata: {}\n\n'),
  broken: (frames, random) =>
    inserted(frames, random, 'data: {"choices":[{"delta":{"content":"lo\n\n'),
  oddReason: (frames, random) => finishedBy(frames, random.from(GOOD_REASONS)),
  reasonBesideText: ({ opening, tokens, done }) => [
    opening,
    ...tokens.slice(0, -1),
    withReason(tokens.at(-1)!, 'stop'),
    done,
  ],
  emptyReason: (frames, random) => finishedBy(frames, random.from<unknown>(['', null, 0, {}, []])),
  reasoning: (frames, random) => inserted(frames, random, sse(reasoningChunk('I think.'))),
  refusal: (frames, random) => inserted(frames, random, sse(deltaChunk({ refusal: 'No.' }))),
  toolCall: (frames, random) =>
    inserted(
      frames,
      random,
      sse(toolCallChunk(0, 'call_1', 'look_up')),
      sse(toolArgumentsChunk(0, '{"a":')),
      sse(toolArgumentsChunk(0, '1}')),
    ),
  large: (frames, random) => {
    const padding = 'x'.repeat(random.between(1, 300_000));
    return inserted(frames, random, sse({ ...deltaChunk({}), padding }));
  },
  deep: (frames, random) => {
    const [deep, tooDeep] = [deepJson(random), tooDeepJson(random)];
    const data = random.from([
      deep,
      `{"choices":[],"deep":${deep}}`,
      jsonWith(deep, (value) => ({ error: { message: value, code: value, headers: [value] } })),
      jsonWith(deep, (value) => ({ error: [{ msg: 'No.', loc: [value] }] })),
      jsonWith(deep, (value) =>
        deltaChunk({ tool_calls: [{ index: 0, function: { name: 'sum', arguments: value } }] }),
      ),
      jsonWith(tooDeep, (content) => deltaChunk({ content })),
      jsonWith(tooDeep, (value) => ({ ...finishChunk(), deep: value })),
    ]);
    return inserted(frames, random, `data: ${data}\n\n`);
  },
  emptyEvents: (frames, random) =>
    inserted(
      frames,
      random,
      sse(random.from<unknown>([{}, { choices: [] }, { choices: null }, []])),
    ),
  foreignShapes: (frames, random) =>
    inserted(
      frames,
      random,
      sse({ choices: random.from<unknown>([{}, 'text', [null], [[]], [{ delta: 'text' }]]) }),
    ),
  reasonEverywhere: ({ opening, tokens, finish, done }) => [
    opening,
    ...tokens.map((token) => withReason(token, 'stop')),
    finish,
    done,
  ],
  reasonNullText: ({ opening, tokens, finish, done }) => [
    opening,
    ...tokens.map((token) => withReason(token, 'null')),
    finish,
    done,
  ],
  reasonFirst: ({ tokens, finish, done }, random) => [
    sse({ ...roleChunk(), ...finishChunk() }),
    ...tokens,
    random.chance(0.7) ? finish : '',
    random.chance(0.7) ? done : '',
  ],
  reasonWithin: (frames, random) => inserted(frames, random, frames.finish),
  failingReason: (frames, random) => finishedBy(frames, random.from(FAILING_REASONS)),
  choiceError: (frames, random) =>
    inserted(frames, random, sse(deltaChunk({}, {}, { error: random.from(ERRORS.slice(0, 4)) }))),
  otherChoice: (frames, random) =>
    inserted(
      frames,
      random,
      sse(deltaChunk({ content: 'another answer' }, {}, { index: random.from([1, 2, -1]) })),
      sse({ ...finishChunk(), choices: [{ index: 1, delta: {}, finish_reason: 'stop' }] }),
    ),
  oddCounts: (frames, random) => [
    frames.opening,
    ...frames.tokens,
    frames.finish,
    sse(usageChunk(usage(random))),
    frames.done,
  ],
  contentList: (frames, random) =>
    inserted(frames, random, sse(deltaChunk({ content: [{ type: 'text', text: 'listed' }] }))),
  contentNumber: (frames, random) => inserted(frames, random, sse(deltaChunk({ content: 42 }))),
  messageWithin: (frames, random) => {
    const { choices } = completion('whole') as { choices: JsonObject[] };
    return inserted(frames, random, sse({ choices: [{ ...choices[0], finish_reason: null }] }));
  },
  oddToolCall: (frames, random) =>
    inserted(frames, random, sse(deltaChunk({ tool_calls: random.from(ODD_CALLS) }))),
} satisfies Record<string, Twist>;

const ODD_CALLS: readonly unknown[] = [
  [{ function: { name: 'sum', arguments: { a: 1 } } }],
  [
    { index: 0, id: 'a', function: { name: 'sum', arguments: '{}' } },
    { index: 0, id: 'b' },
  ],
  [{ id: 'a', function: { name: 'sum', arguments: '{}' } }],
  [{ index: -1, function: null }],
  {},
];

function usage(random: Random): JsonObject {
  return {
    prompt_tokens: random.from<unknown>(COUNTS),
    completion_tokens: random.from<unknown>(COUNTS),
    prompt_tokens_details: random.from<unknown>([null, 3, { cached_tokens: -3 }, []]),
  };
}

function finishedBy(frames: Frames, reason: unknown): readonly string[] {
  const finish = sse(deltaChunk({}, {}, { finish_reason: reason }));
  return [frames.opening, ...frames.tokens, finish, frames.done];
}

function withReason(token: string, reason: string): string {
  return token.replace('"finish_reason":null', `"finish_reason":${JSON.stringify(reason)}`);
}
