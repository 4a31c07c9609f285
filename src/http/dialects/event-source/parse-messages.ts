import type { Message, MessagePart } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';

export const CHAT_ROLES = ['system', 'user', 'assistant', 'tool'] as const;

export type ChatContentPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly url: string };

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(['role', 'content', 'toolCalls', 'toolCallId']);
const CALL_FIELDS: ReadonlySet<string> = new Set(['id', 'name', 'arguments']);

/**
 * The `messages` of a chat body.
 * @throws GatewayError `invalid_request` naming the field
 */
export function parseChatMessages(fields: FieldReader): Message[] {
  return fields.messages().map((message, index) => parseChatMessage(message, `messages[${index}]`));
}

function parseChatMessage(message: JsonObject, path: string): Message {
  const fields = new FieldReader(message, path);
  fields.onlyKnown(MESSAGE_FIELDS);
  const role = fields.required('role', fields.oneOf('role', CHAT_ROLES));
  const parts = parseParts(fields, message['content']);
  const calls = parseToolCalls(fields);
  const toolCallId = fields.string('toolCallId');
  if (role !== 'tool') return { role, parts: [...parts, ...calls] };
  if (!toolCallId) throw fields.invalid('toolCallId', 'is missing');
  return { role, parts: [{ type: 'tool-result', toolCallId, parts }] };
}

function parseParts(fields: FieldReader, content: unknown): readonly ChatContentPart[] {
  if (content == null) return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content) && content.every(isPart)) return content;
  throw fields.invalid(
    'content',
    'must be text, or an array of {type: "text", text} and {type: "image", url}',
  );
}

function isPart(part: unknown): part is ChatContentPart {
  if (!isJsonObject(part)) return false;
  const field = part['type'] === 'text' ? 'text' : part['type'] === 'image' ? 'url' : undefined;
  return field !== undefined && typeof part[field] === 'string' && Object.keys(part).length === 2;
}

function parseToolCalls(fields: FieldReader): MessagePart[] {
  return (fields.array('toolCalls') ?? []).map((call, index) => {
    const path = `toolCalls[${index}]`;
    if (!isJsonObject(call)) throw fields.invalid(path, 'must be an object');
    const callFields = new FieldReader(call, fields.at(path));
    callFields.onlyKnown(CALL_FIELDS);
    return {
      type: 'tool-call',
      id: callFields.required('id', callFields.string('id')),
      name: callFields.required('name', callFields.string('name')),
      arguments: callFields.required('arguments', callFields.string('arguments')),
    };
  });
}
