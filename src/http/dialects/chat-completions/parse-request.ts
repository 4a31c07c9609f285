import type {
  ChatRequest,
  ResponseFormat,
  Sampling,
  Tool,
  ToolChoice,
} from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { parseOpenAiMessages } from './parse-messages.js';
import { FieldReader, objectBody } from '../../field-reader.js';
import type { ParsedRequest } from '../dialect.js';
import { findUnmodelled } from './unmodelled.js';

/** What the answer to a Chat Completion depends on. */
export interface ChatCompletionOptions {
  /** The caller asked for the usage event at the end of the stream. */
  readonly includeUsage: boolean;
}

/**
 * Reads the body of `POST /v1/chat/completions`. It looks only at what Sluice itself interprets;
 * everything else stays in `native` untouched, for upstreams that speak the dialect.
 * @throws GatewayError `invalid_request` naming the field
 */
export function parseChatCompletionRequest(given: unknown): ParsedRequest<ChatCompletionOptions> {
  const body = objectBody(given);
  const fields = new FieldReader(body);
  const n = fields.integer('n');
  if (n !== undefined && n !== 1) throw fields.invalid('n', 'must be 1: Sluice streams one answer');
  const streamOptions = new FieldReader(fields.nested('stream_options') ?? {}, 'stream_options');
  return {
    dialect: 'chat-completions',
    model: fields.required('model', fields.string('model')),
    stream: fields.boolean('stream') ?? false,
    chat: parseChat(body, fields),
    options: { includeUsage: streamOptions.boolean('include_usage') ?? false },
  };
}

function parseChat(body: JsonObject, fields: FieldReader): ChatRequest {
  return {
    messages: parseOpenAiMessages(fields),
    tools: parseTools(fields),
    toolChoice: parseToolChoice(body['tool_choice']),
    responseFormat: parseResponseFormat(fields),
    sampling: parseSampling(fields),
    reasoningEffort: fields.string('reasoning_effort'),
    affinity: fields.string('prompt_cache_key') ?? fields.string('user'),
    unmodelled: findUnmodelled(body),
    native: { dialect: 'chat-completions', body },
  };
}

function parseSampling(fields: FieldReader): Sampling {
  const stop = fields.stringOrStrings('stop');
  return {
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    maxTokens: fields.integer('max_completion_tokens') ?? fields.integer('max_tokens'),
    stop: typeof stop === 'string' ? [stop] : stop,
    seed: fields.integer('seed'),
    frequencyPenalty: fields.number('frequency_penalty'),
    presencePenalty: fields.number('presence_penalty'),
  };
}

function parseTools(fields: FieldReader): readonly Tool[] | undefined {
  return fields.array('tools')?.flatMap((tool, index): Tool[] => {
    if (!isJsonObject(tool)) throw fields.invalid(`tools[${index}]`, 'must be an object');
    // Custom tools and those of later dates: for upstreams that know them.
    if (tool['type'] !== 'function') return [];
    const path = `tools[${index}].function`;
    if (!isJsonObject(tool['function'])) throw fields.invalid(path, 'must be an object');
    const fn = new FieldReader(tool['function'], path);
    return [
      {
        name: fn.required('name', fn.string('name')),
        description: fn.string('description'),
        parameters: fn.nested('parameters'),
        strict: fn.boolean('strict'),
      },
    ];
  });
}

function parseToolChoice(choice: unknown): ToolChoice | undefined {
  if (choice === 'auto' || choice === 'none' || choice === 'required') return choice;
  if (!isJsonObject(choice) || !isJsonObject(choice['function'])) return undefined;
  const { name } = choice['function'];
  return typeof name === 'string' ? { name } : undefined;
}

function parseResponseFormat(fields: FieldReader): ResponseFormat | undefined {
  const format = fields.nested('response_format');
  switch (format?.['type']) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema': {
      const path = 'response_format.json_schema';
      if (!isJsonObject(format['json_schema'])) throw fields.invalid(path, 'must be an object');
      const schema = new FieldReader(format['json_schema'], path);
      return {
        type: 'json-schema',
        name: schema.required('name', schema.string('name')),
        schema: schema.nested('schema') ?? {},
        strict: schema.boolean('strict'),
      };
    }
    default:
      return undefined;
  }
}
