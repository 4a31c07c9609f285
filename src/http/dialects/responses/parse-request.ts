import type { ChatRequest, ResponseFormat, Sampling } from '../../../contract/chat-request.js';
import type { JsonObject } from '../../../contract/json.js';
import { FieldReader, objectBody } from '../../field-reader.js';
import type { ParsedRequest } from '../dialect.js';
import { parseInput } from './parse-input.js';
import { parseToolChoice } from './parse-tools.js';
import { echoOf, type ResponsesOptions } from './response-object.js';
import { refuseStored } from './stored.js';
import { findUnmodelled } from './unmodelled.js';

/**
 * Reads the body of `POST /v1/responses`. It looks only at what Sluice itself interprets; everything
 * else stays in `native` untouched, for upstreams that speak the dialect.
 * @see https://platform.openai.com/docs/api-reference/responses/create
 * @throws GatewayError `invalid_request` naming the field
 */
export function parseResponsesRequest(given: unknown): ParsedRequest<ResponsesOptions> {
  const body = objectBody(given);
  const fields = new FieldReader(body);
  const model = fields.required('model', fields.string('model'));
  refuseStored(fields);
  return {
    dialect: 'responses',
    model,
    stream: fields.boolean('stream') ?? false,
    chat: parseChat(fields, body),
    options: {
      echo: echoOf(body),
      sealsReasoning: asksFor(fields, 'reasoning.encrypted_content'),
      // The configured one is its controller's to say: this room knows no configuration.
      maxOutputBytes: Infinity,
    },
  };
}

function parseChat(fields: FieldReader, body: JsonObject): ChatRequest {
  const reasoning = new FieldReader(fields.nested('reasoning') ?? {}, 'reasoning');
  return {
    messages: parseInput(fields),
    ...parseToolChoice(fields),
    responseFormat: parseResponseFormat(fields),
    sampling: parseSampling(fields),
    reasoningEffort: reasoning.string('effort'),
    affinity:
      fields.string('prompt_cache_key') ??
      fields.string('safety_identifier') ??
      fields.string('user'),
    unmodelled: findUnmodelled(body),
    native: { dialect: 'responses', body },
  };
}

function parseSampling(fields: FieldReader): Sampling {
  return {
    temperature: fields.number('temperature'),
    topP: fields.number('top_p'),
    maxTokens: fields.within('max_output_tokens', fields.integer('max_output_tokens'), { min: 1 }),
  };
}

/** Its fields lie beside `type`, where Chat Completions have them one level deeper. */
function parseResponseFormat(fields: FieldReader): ResponseFormat | undefined {
  const text = new FieldReader(fields.nested('text') ?? {}, 'text');
  const format = text.nested('format');
  switch (format?.['type']) {
    case 'text':
      return { type: 'text' };
    case 'json_object':
      return { type: 'json' };
    case 'json_schema': {
      const schema = new FieldReader(format, 'text.format');
      return {
        type: 'json-schema',
        name: schema.required('name', schema.string('name')),
        schema: schema.required('schema', schema.nested('schema')),
        strict: schema.boolean('strict'),
      };
    }
    default:
      return undefined;
  }
}

function asksFor(fields: FieldReader, what: string): boolean {
  return fields.array('include')?.includes(what) ?? false;
}
