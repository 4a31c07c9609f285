import type { ContentPart, Message, MessagePart } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject, stringOr } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';

const ROLES = ['user', 'assistant', 'system'] as const;

/** The `system` of a Messages request and its `messages`, each part at the index its caller knows it by. */
export function parseAnthropicMessages(fields: FieldReader, body: JsonObject): Message[] {
  const messages = fields.messages().map((message, index): Message => {
    const messageFields = new FieldReader(message, `messages[${index}]`);
    const role = messageFields.required('role', messageFields.oneOf('role', ROLES));
    return { role, parts: parseContent(messageFields, message['content'], 'content') };
  });
  const system = body['system'];
  if (system == null || system === '') return messages;
  const parts = parseContent(fields, system, 'system');
  return [{ role: 'system', param: 'system', parts }, ...messages];
}

function parseContent(fields: FieldReader, content: unknown, name: string): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }];
  return blocksOf(fields, content, name).map((block, index) =>
    parseBlock(block, fields.at(`${name}[${index}]`)),
  );
}

function blocksOf(fields: FieldReader, content: unknown, name: string): readonly JsonObject[] {
  if (!Array.isArray(content)) {
    throw fields.invalid(name, 'must be a string or an array of content blocks');
  }
  for (const [index, block] of (content as unknown[]).entries()) {
    if (!isJsonObject(block)) throw fields.invalid(`${name}[${index}]`, 'must be an object');
  }
  return content as readonly JsonObject[];
}

function parseBlock(block: JsonObject, path: string): MessagePart {
  const fields = new FieldReader(block, path);
  switch (block['type']) {
    case 'tool_use':
      return {
        type: 'tool-call',
        id: fields.required('id', fields.string('id')),
        name: fields.required('name', fields.string('name')),
        arguments: JSON.stringify(fields.nested('input') ?? {}),
      };
    case 'tool_result':
      return {
        type: 'tool-result',
        toolCallId: fields.required('tool_use_id', fields.string('tool_use_id')),
        parts: parseResult(fields, block['content']),
        isError: fields.boolean('is_error'),
      };
    case 'thinking':
      return {
        type: 'reasoning',
        text: fields.string('thinking') ?? '',
        signature: sealedBy(fields.string('signature')),
      };
    case 'redacted_thinking':
      return { type: 'reasoning', text: '', redacted: sealedBy(fields.string('data')) };
    default:
      return parseContentBlock(fields);
  }
}

function parseResult(fields: FieldReader, content: unknown): ContentPart[] {
  if (content == null || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  return blocksOf(fields, content, 'content').map((block, index) =>
    parseContentBlock(new FieldReader(block, fields.at(`content[${index}]`))),
  );
}

function parseContentBlock(fields: FieldReader): ContentPart {
  const type = fields.required('type', fields.string('type'));
  switch (type) {
    case 'text':
      return { type, text: fields.required('text', fields.string('text')) };
    case 'image': {
      const source = fields.required('source', fields.nested('source'));
      const url = imageUrl(new FieldReader(source, fields.at('source')), source);
      // A file that its caller uploaded there is known there alone.
      return url === undefined ? { type: 'opaque', kind: 'image' } : { type, url };
    }
    default:
      return { type: 'opaque', kind: type };
  }
}

function imageUrl(fields: FieldReader, source: JsonObject): string | undefined {
  switch (source['type']) {
    case 'base64': {
      const mediaType = stringOr(source['media_type'], 'image/png');
      return `data:${mediaType};base64,${fields.required('data', fields.string('data'))}`;
    }
    case 'url':
      return fields.required('url', fields.string('url'));
    default:
      return undefined;
  }
}

/** An empty signature is what we write ourselves over the reasoning of others. */
function sealedBy(data: string | undefined) {
  return data ? ({ provider: 'anthropic', data } as const) : undefined;
}
