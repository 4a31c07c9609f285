import { jsonWith } from '../support/deep-json.js';
import { doneLine, messageLine, ndjson, toolCallsLine } from '../support/ollama-script.js';
import { deepJson, tooDeepJson } from './deep.js';
import { COMMON_TWISTS, inserted, type Twist } from './twist.js';

const COUNTS = [-35, 1e308, 1.5, '12', null, true, {}, 0];

export const OLLAMA_TWISTS = {
  ...COMMON_TWISTS,
  errorWithin: (frames, random) =>
    inserted(frames, random, ndjson({ error: random.from<unknown>(['It broke.', {}, 0, true]) })),
  errorFirst: () => [ndjson({ error: 'It broke.' })],
  noise: (frames, random) => inserted(frames, random, random.from(['\n', 'noise\n', '12\n'])),
  broken: (frames, random) => inserted(frames, random, '{"message":{"content":"lo\n'),
  oddReason: ({ tokens }, random) => [
    ...tokens,
    ndjson({ ...doneLine(), done_reason: random.from<unknown>(['length', 'eos', '', null, 7]) }),
  ],
  failingReason: ({ tokens }, random) => [
    ...tokens,
    ndjson(doneLine({ doneReason: random.from(['load', 'unload']) })),
  ],
  textBesideDone: ({ tokens }) => [...tokens, ndjson(doneLine({}, ' end'))],
  reasoning: (frames, random) =>
    inserted(frames, random, ndjson(messageLine({ thinking: 'I think.' }))),
  toolCall: (frames, random) =>
    inserted(frames, random, ndjson(toolCallsLine([{ name: 'sum', arguments: { a: 1 } }]))),
  large: (frames, random) => {
    const padding = 'x'.repeat(random.between(1, 300_000));
    return inserted(frames, random, ndjson({ ...messageLine({}), padding }));
  },
  deep: (frames, random) => {
    const [deep, tooDeep] = [deepJson(random), tooDeepJson(random)];
    const line = random.from([
      deep,
      jsonWith(deep, (value) => ({ ...messageLine({}), deep: value })),
      jsonWith(deep, (value) => ({ error: { message: value, code: value } })),
      jsonWith(deep, (value) => toolCallsLine([{ name: 'sum', arguments: value }])),
      jsonWith(tooDeep, (value) => ({ ...messageLine({}), message: { content: value } })),
      jsonWith(tooDeep, (value) => ({ ...doneLine(), deep: value })),
    ]);
    return inserted(frames, random, `${line}\n`);
  },
  emptyEvents: (frames, random) =>
    inserted(frames, random, ndjson(random.from<unknown>([{}, [], { message: null }]))),
  foreignShapes: (frames, random) =>
    inserted(
      frames,
      random,
      ndjson({ message: random.from<unknown>(['text', [], 3, { content: null }]), done: false }),
    ),
  oddDone: (frames, random) =>
    inserted(frames, random, ndjson({ ...messageLine({}), done: random.from(['true', 1, null]) })),
  oddCounts: ({ tokens }, random) => [
    ...tokens,
    ndjson({
      ...doneLine(),
      prompt_eval_count: random.from<unknown>(COUNTS),
      eval_count: random.from<unknown>(COUNTS),
    }),
  ],
} satisfies Record<string, Twist>;
