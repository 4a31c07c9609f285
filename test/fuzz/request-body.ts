import type { Random } from '../load/random.js';
import { markOf } from './case-mark.js';
import { MODELS } from './fuzz-config.js';

/** How a caller asks: `v1` and `plain` are Chat Completions, streamed and not; `responses` streams. */
export type Form = 'v1' | 'plain' | 'responses' | 'chat' | 'get';

type Fields = Record<string, unknown>;

/** A good body for a route, with some of the fields that it knows. */
export function goodBody(form: Exclude<Form, 'get'>, k: number, random: Random): Fields {
  const model = random.from(MODELS);
  const messages = [
    ...(random.chance(0.2) ? [{ role: 'system', content: 'Be brief.' }] : []),
    { role: 'user', content: `${markOf(k)} ${random.from(PROMPTS)}` },
  ];
  switch (form) {
    case 'chat':
      return { model, messages, ...someOf(CHAT_FIELDS, random) };
    case 'responses':
      return { model, input: messages, stream: true, ...someOf(RESPONSES_FIELDS, random) };
    default:
      return { model, messages, stream: form === 'v1', ...someOf(V1_FIELDS, random) };
  }
}

const PROMPTS = ['Hi', '', '世界', '🌍 \ud83d', '\0', '"quoted"', 'data: [DONE]\n\n', '${HOME}'];

const TOOL = { name: 'sum', description: 'Adds.', parameters: { type: 'object', properties: {} } };

const CHAT_FIELDS: Fields = {
  system: 'Be kind.',
  temperature: 0,
  topP: 0.5,
  maxTokens: 100,
  stop: ['END'],
  seed: 7,
  tools: [TOOL],
};

const V1_FIELDS: Fields = {
  temperature: 0,
  top_p: 0.5,
  max_tokens: 100,
  max_completion_tokens: 100,
  stop: 'END',
  seed: 7,
  user: 'someone',
  tools: [{ type: 'function', function: TOOL }],
  tool_choice: 'auto',
  response_format: { type: 'json_object' },
  stream_options: { include_usage: true },
  logprobs: true,
  n: 1,
};

const RESPONSES_FIELDS: Fields = {
  instructions: 'Be kind.',
  temperature: 0,
  max_output_tokens: 100,
  tools: [{ type: 'function', ...TOOL }],
  tool_choice: 'auto',
  text: { format: { type: 'json_object' } },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['reasoning.encrypted_content'],
  store: false,
  metadata: { a: 'b' },
};

/** Each now and then: most requests say little. */
function someOf(fields: Fields, random: Random): Fields {
  return Object.fromEntries(Object.entries(fields).filter(() => random.chance(0.12)));
}

const ODD_VALUES: readonly unknown[] = [
  null,
  -1,
  0,
  1.5,
  1e308,
  '',
  'x',
  true,
  [],
  {},
  [null],
  [[]],
  { a: 1 },
  '\ud800',
  '__proto__',
  'x'.repeat(3000),
  Array.from({ length: 500 }, () => ({})),
  nested(50),
  nested(2000),
];

const ODD_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'messages[0]',
  'stream',
  'model',
  'x',
];

/** Another value, one less, or one more somewhere in the body. */
export function oddBody(body: Fields, random: Random): Fields {
  const odd = structuredClone(body);
  const holder = random.chance(0.4) ? inMessages(odd, random) : odd;
  const key = random.chance(0.8) ? random.from(Object.keys(holder)) : random.from(ODD_KEYS);
  if (random.chance(0.2)) delete holder[key];
  else defineAny(holder, key, random.from(ODD_VALUES));
  return odd;
}

function inMessages(body: Fields, random: Random): Fields {
  const messages = (body['messages'] ?? body['input']) as Fields[];
  if (random.chance(0.3)) messages.push(random.from(ODD_MESSAGES));
  return random.from(messages);
}

const ODD_MESSAGES: readonly Fields[] = [
  { role: 'assistant', content: 'Hello' },
  { role: 'tool', content: 'x', tool_call_id: 'nobody' },
  { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url' }] },
  {
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }],
  },
  { role: 'nobody', content: 'x' },
  {},
];

/** Also `__proto__`, as JSON.parse makes it. */
function defineAny(holder: Fields, key: string, value: unknown): void {
  Object.defineProperty(holder, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;
}
