import type { Sampling, Tool } from '../../../contract/chat-request.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { FieldReader } from '../../field-reader.js';
import type { ParsedRequest } from '../dialect.js';
import { parseChatMessages } from './parse-messages.js';
import { systemMessage } from './parse-query.js';

// prettier-ignore
const FIELDS: ReadonlySet<string> = new Set([
  'messages', 'model', 'system', 'temperature', 'topP', 'maxTokens', 'stop', 'seed', 'tools',
]);
const TOOL_FIELDS: ReadonlySet<string> = new Set(['name', 'description', 'parameters']);

/**
 * Reads the body of `POST /chat`, by hand and up to the first fault: a library that validates
 * classes makes an object of every element and an error of every fault, which takes seconds for
 * what JSON.parse does in milliseconds. A field that is not known is refused, because one that is
 * silently dropped changes the answer. `ChatBody` documents the same.
 * @throws GatewayError `invalid_request` naming the field
 */
export function parseChatBody(body: unknown): ParsedRequest<void> {
  const fields = new FieldReader(isJsonObject(body) ? body : {});
  fields.onlyKnown(FIELDS);
  const messages = parseChatMessages(fields);
  const model = fields.string('model');
  const system = fields.string('system');
  const chat = {
    messages: [...systemMessage(system), ...messages],
    sampling: parseSampling(fields),
    tools: parseTools(fields),
  };
  return { dialect: 'event-source', model, stream: true, chat, options: undefined };
}

function parseSampling(fields: FieldReader): Sampling {
  return {
    temperature: fields.within('temperature', fields.number('temperature'), { min: 0 }),
    topP: fields.within('topP', fields.number('topP'), { min: 0, max: 1 }),
    maxTokens: fields.within('maxTokens', fields.integer('maxTokens'), { min: 1 }),
    stop: parseStop(fields),
    seed: fields.integer('seed'),
  };
}

function parseStop(fields: FieldReader): readonly string[] | undefined {
  const stop = fields.array('stop');
  if (stop === undefined || stop.every((text) => typeof text === 'string')) return stop;
  throw fields.invalid('stop', 'must be an array of strings');
}

function parseTools(fields: FieldReader): readonly Tool[] | undefined {
  return fields.array('tools')?.map((tool, index) => {
    const path = `tools[${index}]`;
    if (!isJsonObject(tool)) throw fields.invalid(path, 'must be an object');
    return parseTool(tool, path);
  });
}

function parseTool(tool: JsonObject, path: string): Tool {
  const fields = new FieldReader(tool, path);
  fields.onlyKnown(TOOL_FIELDS);
  const name = fields.required('name', fields.string('name'));
  if (name === '') throw fields.invalid('name', 'must not be empty');
  return {
    name,
    description: fields.string('description'),
    parameters: fields.nested('parameters'),
  };
}
