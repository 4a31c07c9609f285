import type { ContentPart, Message, MessagePart } from '../../../contract/chat-request.js';
import { isJsonObject } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool', 'function'] as const;

/** The `messages` of a Chat Completion request, each part at the index its caller knows it by. */
export function parseOpenAiMessages(fields: FieldReader): Message[] {
  return fields
    .messages()
    .map((message, index) =>
      parseOpenAiMessage(new FieldReader(message, `messages[${index}]`), message['content']),
    );
}

function parseOpenAiMessage(fields: FieldReader, content: unknown): Message {
  const role = fields.required('role', fields.string('role'));
  if (!isRole(role)) throw fields.invalid('role', `must be one of ${ROLES.join(', ')}`);
  if (role === 'tool' || role === 'function') return parseToolMessage(fields, role, content);
  const reasoning = fields.string('reasoning_content') ?? fields.string('reasoning');
  return {
    role,
    name: fields.string('name'),
    parts: [
      ...parseContent(fields, content),
      ...(reasoning ? [{ type: 'reasoning' as const, text: reasoning }] : []),
      ...parseToolCalls(fields),
    ],
  };
}

function isRole(role: string): role is (typeof ROLES)[number] {
  return (ROLES as readonly string[]).includes(role);
}

/** `function` is the deprecated form of `tool`: its result is named by the function. */
function parseToolMessage(
  fields: FieldReader,
  role: 'tool' | 'function',
  content: unknown,
): Message {
  const key = role === 'tool' ? 'tool_call_id' : 'name';
  const toolCallId = fields.required(key, fields.string(key));
  const parts = parseContent(fields, content);
  return { role: 'tool', parts: [{ type: 'tool-result', toolCallId, parts }] };
}

function parseContent(fields: FieldReader, content: unknown): ContentPart[] {
  if (content == null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (!Array.isArray(content))
    throw fields.invalid('content', 'must be a string or an array of parts');
  return (content as unknown[]).map((part, index) => {
    const path = `content[${index}]`;
    if (!isJsonObject(part)) throw fields.invalid(path, 'must be an object');
    const partFields = new FieldReader(part, fields.at(path));
    const type = partFields.required('type', partFields.string('type'));
    switch (type) {
      case 'text':
        return { type, text: partFields.required('text', partFields.string('text')) };
      case 'refusal':
        return { type: 'text', text: partFields.string('refusal') ?? '' };
      case 'image_url': {
        const image = partFields.required('image_url', partFields.nested('image_url'));
        const imageFields = new FieldReader(image, partFields.at('image_url'));
        return {
          type: 'image',
          url: imageFields.required('url', imageFields.string('url')),
          detail: imageFields.string('detail'),
        };
      }
      default:
        return { type: 'opaque', kind: type };
    }
  });
}

function parseToolCalls(fields: FieldReader): MessagePart[] {
  return (fields.array('tool_calls') ?? []).flatMap((call, index): MessagePart[] => {
    const path = `tool_calls[${index}]`;
    if (!isJsonObject(call)) throw fields.invalid(path, 'must be an object');
    if (!isJsonObject(call['function'])) return [];
    const callFields = new FieldReader(call, fields.at(path));
    const fnFields = new FieldReader(call['function'], callFields.at('function'));
    return [
      {
        type: 'tool-call',
        id: callFields.required('id', callFields.string('id')),
        name: fnFields.required('name', fnFields.string('name')),
        arguments: fnFields.string('arguments') ?? '',
      },
    ];
  });
}
