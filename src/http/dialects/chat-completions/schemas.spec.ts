import { describe, expect, it } from 'vitest';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import { CHAT_COMPLETION_REQUESTS } from './chat-completions.docs.js';
import { parseChatCompletionRequest } from './parse-request.js';
import { CHAT_COMPLETION_SCHEMAS } from './schemas.js';

/** Everything that the reader interprets, of every kind. */
const EVERYTHING = {
  model: 'gpt-4o',
  stream: true,
  stream_options: { include_usage: true },
  n: 1,
  messages: [
    { role: 'system', content: 'Be brief.', name: 'a' },
    { role: 'developer', content: 'Be brief.', name: 'a' },
    {
      role: 'user',
      name: 'a',
      content: [
        { type: 'text', text: 'Hi' },
        { type: 'refusal', refusal: 'No.' },
        { type: 'image_url', image_url: { url: 'data:,', detail: 'low' } },
        { type: 'input_audio', input_audio: {} },
      ],
    },
    {
      role: 'assistant',
      name: 'a',
      content: null,
      reasoning_content: 'I think.',
      reasoning: 'I think.',
      tool_calls: [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: '1', content: 'x' },
    { role: 'function', name: 'f', content: 'x' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'F.', parameters: {}, strict: true },
    },
  ],
  tool_choice: { type: 'function', function: { name: 'f' } },
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'a', schema: { type: 'object' }, strict: true },
  },
  reasoning_effort: 'low',
  prompt_cache_key: 'k',
  user: 'u',
  temperature: 0,
  top_p: 1,
  max_completion_tokens: 1,
  max_tokens: 1,
  stop: ['a'],
  seed: 1,
  frequency_penalty: 0,
  presence_penalty: 0,
};

describe('The schemas of Chat Completions', () => {
  it.each(Object.entries(CHAT_COMPLETION_REQUESTS))(
    'have an example that the reader takes: %s',
    (_, { value }) => expect(() => parseChatCompletionRequest(value)).not.toThrow(),
  );

  it('have every field that the reader reads', () => {
    const read = fieldsReadOf(EVERYTHING);
    expect(read.size).toBeGreaterThan(40);
    const undocumented = [...read].filter(
      (path) => !documents(CHAT_COMPLETION_SCHEMAS['CreateChatCompletionRequest'], path.split('.')),
    );
    expect(undocumented).toEqual([]);
  });
});

/** The paths of fields that the reader asks for and that are there; elements of arrays are `*`. */
function fieldsReadOf(body: object): ReadonlySet<string> {
  const read = new Set<string>();
  parseChatCompletionRequest(watched(body, '', read));
  return read;
}

function watched(value: object, path: string, read: Set<string>): object {
  return new Proxy(value, {
    get(target, name, receiver) {
      const field: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || !Object.hasOwn(target, name)) return field;
      const isElement = Array.isArray(target) && name !== 'length';
      const at = [path, isElement ? '*' : name].filter((part) => part !== '').join('.');
      if (!Array.isArray(target)) read.add(at);
      return typeof field === 'object' && field !== null ? watched(field, at, read) : field;
    },
  });
}

function documents(schema: unknown, path: readonly string[]): boolean {
  if (!isJsonObject(schema)) return false;
  const [name, ...rest] = path;
  if (name === undefined) return true;
  const ref = /[^/]+$/.exec(stringOr(schema['$ref'], ''))?.[0];
  if (ref !== undefined) return documents(CHAT_COMPLETION_SCHEMAS[ref], path);
  const choices = [schema['oneOf'], schema['anyOf']].flatMap((of) => (Array.isArray(of) ? of : []));
  const next = name === '*' ? schema['items'] : fieldsOf(schema)[name];
  return documents(next, rest) || choices.some((choice) => documents(choice, path));
}

function fieldsOf({ properties }: JsonObject): JsonObject {
  return isJsonObject(properties) ? properties : {};
}
