import type { ContentPart, Message, MessagePart } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';
import { unsealed } from './sealed.js';
import { itemNotKept } from './stored.js';

const ROLES = ['user', 'assistant', 'system', 'developer'] as const;
type Role = (typeof ROLES)[number] | 'tool';

/** A part, and what its caller calls it. */
type NamedPart = readonly [param: string, part: MessagePart];

/**
 * `instructions` and `input` as messages. What an assistant said, thought and called are items of
 * their own here, and one message everywhere else: those that stand together become one.
 */
export function parseInput(fields: FieldReader): readonly Message[] {
  const turns = new Turns();
  const instructions = fields.string('instructions');
  if (instructions) turns.add('system', [['instructions', { type: 'text', text: instructions }]]);
  const input = fields.stringOrArray('input');
  if (typeof input === 'string') {
    turns.add('user', [['input', { type: 'text', text: input }]]);
    return turns.messages();
  }
  const items = fields.objects('input', fields.required('input', input));
  for (const [index, item] of items.entries()) {
    const param = `input[${index}]`;
    const [role, parts] = parseItem(new FieldReader(item, param), item, param);
    turns.add(role, parts);
  }
  if (items.length === 0 && !instructions) throw fields.invalid('input', 'must not be empty');
  return turns.messages();
}

/** Messages as they grow: what follows of the same assistant goes into the same one. */
class Turns {
  readonly #turns: { readonly role: Role; readonly parts: NamedPart[] }[] = [];

  add(role: Role, parts: readonly NamedPart[]): void {
    const last = this.#turns.at(-1);
    if (role === 'assistant' && last?.role === role) last.parts.push(...parts);
    else this.#turns.push({ role, parts: [...parts] });
  }

  messages(): readonly Message[] {
    return this.#turns.map(({ role, parts }) => ({
      role,
      parts: parts.map(([, part]) => part),
      partParams: parts.map(([param]) => param),
    }));
  }
}

function parseItem(
  fields: FieldReader,
  item: JsonObject,
  param: string,
): [role: Role, parts: readonly NamedPart[]] {
  // Messages go without a type (the AI SDK), references too: they have an id and nothing else.
  const type = fields.string('type') ?? (item['role'] === undefined ? 'item_reference' : 'message');
  switch (type) {
    case 'message': {
      const role = fields.required('role', fields.oneOf('role', ROLES));
      return [role, parseContent(fields, item['content'], 'content')];
    }
    case 'function_call':
      return ['assistant', [[param, parseCall(fields)]]];
    case 'function_call_output':
      return ['tool', [[`${param}.output`, parseResult(fields, item['output'])]]];
    case 'reasoning':
      return ['assistant', parseReasoning(fields, param)];
    case 'item_reference':
      throw itemNotKept(param);
    default:
      // Hosted tools and their results, and what later dates bring: for upstreams of the dialect.
      return ['user', [[param, { type: 'opaque', kind: type }]]];
  }
}

function parseCall(fields: FieldReader): MessagePart {
  return {
    type: 'tool-call',
    id: fields.required('call_id', fields.string('call_id')),
    name: fields.required('name', fields.string('name')),
    arguments: fields.string('arguments') ?? '',
  };
}

function parseResult(fields: FieldReader, output: unknown): MessagePart {
  return {
    type: 'tool-result',
    toolCallId: fields.required('call_id', fields.string('call_id')),
    parts: parseContent(fields, output, 'output').map(([, part]) => part),
  };
}

function parseReasoning(fields: FieldReader, param: string): readonly NamedPart[] {
  const summary = textsIn(fields.array('summary'));
  const text = summary === '' ? textsIn(fields.array('content')) : summary;
  const sealed = unsealed(fields.string('encrypted_content'));
  if (text === '' && !sealed) return [];
  return [[param, { type: 'reasoning', text, ...sealed }]];
}

function textsIn(parts: readonly unknown[] | undefined): string {
  return (parts ?? [])
    .flatMap((part) => (isJsonObject(part) && typeof part['text'] === 'string' ? part['text'] : []))
    .join('\n\n');
}

function parseContent(
  fields: FieldReader,
  content: unknown,
  name: string,
): (readonly [param: string, part: ContentPart])[] {
  if (content == null || content === '') return [];
  if (typeof content === 'string') return [[fields.at(name), { type: 'text', text: content }]];
  if (!Array.isArray(content)) throw fields.invalid(name, 'must be a string or an array of parts');
  return (content as unknown[]).map((part, index) => {
    const path = fields.at(`${name}[${index}]`);
    if (!isJsonObject(part)) throw fields.invalid(`${name}[${index}]`, 'must be an object');
    return [path, parsePart(new FieldReader(part, path))];
  });
}

function parsePart(fields: FieldReader): ContentPart {
  const type = fields.required('type', fields.string('type'));
  switch (type) {
    case 'input_text':
    case 'output_text':
    case 'text':
      return { type: 'text', text: fields.required('text', fields.string('text')) };
    case 'refusal':
      return { type: 'text', text: fields.string('refusal') ?? '' };
    case 'input_image': {
      const url = fields.string('image_url');
      // A file that its caller uploaded to OpenAI is known there alone.
      if (url === undefined) return { type: 'opaque', kind: type };
      return { type: 'image', url, detail: fields.string('detail') };
    }
    default:
      return { type: 'opaque', kind: type };
  }
}
