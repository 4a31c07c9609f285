import {
  arrayOf,
  type JsonSchema,
  type NamedSchemas,
  oneWord,
  openObject,
  orNull,
  schemaRef,
} from '../../json-schema.js';
import { RESPONSE_ANSWER_SCHEMAS } from './answer-schemas.js';

const text = { type: 'string' };
const anything = { type: 'object', additionalProperties: true };
const textOr = (schema: JsonSchema) => ({ anyOf: [text, schema] });

/** What stands in `input`; items that are not here reach backends of the dialect. */
const ITEMS: NamedSchemas = {
  ResponseInputItem: {
    anyOf: [
      schemaRef('ResponseInputMessage'),
      schemaRef('ResponseFunctionCall'),
      schemaRef('ResponseFunctionCallOutput'),
      schemaRef('ResponseReasoning'),
      schemaRef('ResponseOtherItem'),
    ],
  },
  ResponseInputMessage: openObject({
    'type?': oneWord('message'),
    role: { type: 'string', enum: ['user', 'assistant', 'system', 'developer'] },
    content: textOr(arrayOf(schemaRef('ResponseInputPart'))),
  }),
  ResponseInputPart: {
    anyOf: [
      openObject({ type: { type: 'string', enum: ['input_text', 'output_text'] }, text }),
      openObject({ type: oneWord('refusal'), refusal: text }),
      openObject({
        type: oneWord('input_image'),
        'image_url?': orNull({ type: 'string', description: 'An URL, or a `data:` URL.' }),
        'detail?': orNull(text),
      }),
      openObject({ type: { type: 'string', enum: ['input_file', 'input_audio'] } }),
    ],
  },
  ResponseFunctionCallOutput: openObject({
    type: oneWord('function_call_output'),
    call_id: text,
    output: textOr(arrayOf(schemaRef('ResponseInputPart'))),
  }),
  ResponseOtherItem: {
    ...openObject({ type: text }),
    description: 'Of hosted tools, and of later dates: for backends of the dialect.',
  },
};

const TOOLS: NamedSchemas = {
  ResponseTool: { anyOf: [schemaRef('ResponseFunctionTool'), schemaRef('ResponseHostedTool')] },
  ResponseFunctionTool: openObject({
    type: oneWord('function'),
    name: text,
    'description?': orNull(text),
    'parameters?': orNull({ ...anything, description: 'JSON Schema of the arguments.' }),
    'strict?': orNull({ type: 'boolean' }),
  }),
  ResponseHostedTool: {
    ...openObject({ type: text }),
    description: 'One that OpenAI runs itself, for backends of the dialect.',
  },
};

/** The request is OpenAI's own: what is not described here goes to backends of the dialect untouched. */
export const RESPONSES_SCHEMAS: NamedSchemas = {
  CreateResponseRequest: openObject({
    model: { type: 'string', description: 'A configured model.', examples: ['gpt-4o'] },
    input: textOr(arrayOf(schemaRef('ResponseInputItem'))),
    'instructions?': orNull(text),
    'stream?': orNull({ type: 'boolean' }),
    'max_output_tokens?': orNull({ type: 'integer', minimum: 1 }),
    'temperature?': orNull({ type: 'number' }),
    'top_p?': orNull({ type: 'number' }),
    'tools?': orNull(arrayOf(schemaRef('ResponseTool'))),
    'tool_choice?': orNull(textOr(anything)),
    'text?': orNull(openObject({ 'format?': orNull(openObject({ type: text })) })),
    'reasoning?': orNull(openObject({ 'effort?': orNull(text), 'summary?': orNull(text) })),
    'include?': orNull(arrayOf(text)),
    'store?': orNull({ type: 'boolean', description: 'Nothing is kept, whatever it says.' }),
  }),
  ...ITEMS,
  ...TOOLS,
  ...RESPONSE_ANSWER_SCHEMAS,
};
