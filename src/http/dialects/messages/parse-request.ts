import type {
  ChatRequest,
  ResponseFormat,
  Sampling,
  Tool,
  ToolChoice,
} from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { FieldReader, objectBody } from '../../field-reader.js';
import type { ParsedRequest, RequestHeaders } from '../dialect.js';
import { parseAnthropicMessages } from './parse-messages.js';
import { findUnmodelled, isOwnTool } from './unmodelled.js';

/**
 * Reads the body of `POST /v1/messages`, of either version of the API. It looks only at what Sluice
 * itself interprets; everything else stays in `native` untouched, for upstreams of Anthropic's kind.
 * @see https://platform.claude.com/docs/en/api/messages
 * @throws GatewayError `invalid_request` naming the field
 */
export function parseMessagesRequest(given: unknown, headers: RequestHeaders): ParsedRequest<void> {
  const body = objectBody(given);
  const fields = new FieldReader(body);
  fields.within('max_tokens', fields.required('max_tokens', fields.integer('max_tokens')), {
    min: 1,
  });
  return {
    dialect: 'messages',
    model: fields.required('model', fields.string('model')),
    stream: fields.boolean('stream') ?? false,
    chat: parseChat(fields, body, headers),
    options: undefined,
  };
}

/** The same of `POST /v1/messages/count_tokens`, which says nothing of an answer. */
export function parseCountRequest(
  given: unknown,
  headers: RequestHeaders,
): Pick<ParsedRequest<void>, 'model' | 'chat'> {
  const body = objectBody(given);
  const fields = new FieldReader(body);
  return {
    model: fields.required('model', fields.string('model')),
    chat: parseChat(fields, body, headers),
  };
}

function parseChat(fields: FieldReader, body: JsonObject, headers: RequestHeaders): ChatRequest {
  const metadata = new FieldReader(fields.nested('metadata') ?? {}, 'metadata');
  return {
    messages: parseAnthropicMessages(fields, body),
    tools: parseTools(fields),
    toolChoice: parseToolChoice(fields),
    responseFormat: parseResponseFormat(fields),
    sampling: parseSampling(fields),
    // One conversation of Claude Code, where it says so.
    affinity: oneOf(headers['x-claude-code-session-id']) ?? metadata.string('user_id'),
    unmodelled: findUnmodelled(body),
    native: { dialect: 'messages', body, headers: ownHeaders(headers) },
  };
}

function parseSampling(fields: FieldReader): Sampling {
  const stop = fields.stringOrStrings('stop_sequences');
  return {
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    maxTokens: fields.integer('max_tokens'),
    stop: typeof stop === 'string' ? [stop] : stop,
  };
}

function parseTools(fields: FieldReader): readonly Tool[] | undefined {
  return fields.array('tools')?.flatMap((tool, index): Tool[] => {
    const path = `tools[${index}]`;
    if (!isJsonObject(tool)) throw fields.invalid(path, 'must be an object');
    if (!isOwnTool(tool)) return [];
    const toolFields = new FieldReader(tool, path);
    return [
      {
        name: toolFields.required('name', toolFields.string('name')),
        description: toolFields.string('description'),
        parameters: toolFields.nested('input_schema'),
        strict: toolFields.boolean('strict'),
      },
    ];
  });
}

function parseToolChoice(fields: FieldReader): ToolChoice | undefined {
  const choice = fields.nested('tool_choice');
  switch (choice?.['type']) {
    case 'auto':
    case 'none':
      return choice['type'];
    case 'any':
      return 'required';
    case 'tool': {
      const choiceFields = new FieldReader(choice, 'tool_choice');
      return { name: choiceFields.required('name', choiceFields.string('name')) };
    }
    default:
      return undefined;
  }
}

function parseResponseFormat(fields: FieldReader): ResponseFormat | undefined {
  const config = new FieldReader(fields.nested('output_config') ?? {}, 'output_config');
  const format = config.nested('format');
  if (format?.['type'] !== 'json_schema') return undefined;
  const formatFields = new FieldReader(format, 'output_config.format');
  const schema = formatFields.required('schema', formatFields.nested('schema'));
  return { type: 'json-schema', name: 'answer', schema, strict: true };
}

/** `anthropic-version`, `anthropic-beta` and those of later dates: an open list, but for keys. */
function ownHeaders(headers: RequestHeaders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] => {
      const text = oneOf(value);
      const isOurs = name.startsWith('anthropic-') && !/key|token|auth/.test(name);
      return isOurs && text !== undefined ? [[name, text]] : [];
    }),
  );
}

function oneOf(value: string | readonly string[] | undefined): string | undefined {
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}
