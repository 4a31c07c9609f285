import {
  arrayOf,
  type JsonSchema,
  type NamedSchemas,
  oneWord,
  openObject,
  orNull,
  schemaRef,
  unionBy,
} from '../../json-schema.js';
import { MESSAGES_ANSWER_SCHEMAS } from './answer-schemas.js';

const text = { type: 'string' };
const anything = { type: 'object', additionalProperties: true };
const cache = { 'cache_control?': orNull(anything) };
const textOr = (schema: JsonSchema) => ({ anyOf: [text, schema] });

/** What stands in `content` and in `system`; kinds that are not here reach Anthropic's own backends, too. */
const BLOCKS: NamedSchemas = {
  MessagesContentBlock: unionBy('type', {
    text: 'MessagesTextBlock',
    image: 'MessagesImageBlock',
    document: 'MessagesDocumentBlock',
    tool_use: 'MessagesToolUseBlock',
    tool_result: 'MessagesToolResultBlock',
    thinking: 'MessagesThinkingBlock',
    redacted_thinking: 'MessagesRedactedThinkingBlock',
  }),
  MessagesTextBlock: openObject({ type: oneWord('text'), text, ...cache }),
  MessagesImageBlock: openObject({
    type: oneWord('image'),
    source: schemaRef('MessagesImageSource'),
    ...cache,
  }),
  MessagesImageSource: unionBy('type', {
    base64: 'MessagesBase64Source',
    url: 'MessagesUrlSource',
    file: 'MessagesFileSource',
  }),
  MessagesBase64Source: openObject({
    type: oneWord('base64'),
    media_type: { type: 'string', examples: ['image/png'] },
    data: text,
  }),
  MessagesUrlSource: openObject({ type: oneWord('url'), url: text }),
  MessagesFileSource: openObject({ type: oneWord('file'), file_id: text }),
  MessagesDocumentBlock: openObject({ type: oneWord('document'), source: anything, ...cache }),
  MessagesToolUseBlock: openObject({
    type: oneWord('tool_use'),
    id: text,
    name: text,
    input: anything,
    ...cache,
  }),
  MessagesToolResultBlock: openObject({
    type: oneWord('tool_result'),
    tool_use_id: text,
    'content?': textOr(arrayOf(schemaRef('MessagesContentBlock'))),
    'is_error?': { type: 'boolean' },
    ...cache,
  }),
  MessagesThinkingBlock: openObject({
    type: oneWord('thinking'),
    thinking: text,
    signature: text,
  }),
  MessagesRedactedThinkingBlock: openObject({ type: oneWord('redacted_thinking'), data: text }),
};

const TOOLS: NamedSchemas = {
  MessagesTool: {
    anyOf: [schemaRef('MessagesCustomTool'), schemaRef('MessagesServerTool')],
  },
  MessagesCustomTool: openObject({
    'type?': { anyOf: [oneWord('custom'), { type: 'null' }] },
    name: text,
    'description?': text,
    input_schema: { ...anything, description: 'JSON Schema of the input.' },
    ...cache,
  }),
  MessagesServerTool: {
    ...openObject({ type: text, name: text }),
    description: 'One that Anthropic runs itself, for its own backends.',
  },
  MessagesToolChoice: openObject({
    type: { type: 'string', enum: ['auto', 'any', 'tool', 'none'] },
    'name?': { type: 'string', description: 'With `tool`.' },
    'disable_parallel_tool_use?': { type: 'boolean' },
  }),
};

const conversation = {
  model: { type: 'string', description: 'A configured model.', examples: ['claude-sonnet-4-5'] },
  messages: { ...arrayOf(schemaRef('MessagesRequestMessage')), minItems: 1 },
  'system?': textOr(arrayOf(schemaRef('MessagesTextBlock'))),
  'tools?': arrayOf(schemaRef('MessagesTool')),
  'tool_choice?': schemaRef('MessagesToolChoice'),
  'thinking?': openObject({
    type: { type: 'string', examples: ['enabled', 'disabled', 'adaptive'] },
    'budget_tokens?': { type: 'integer' },
  }),
};

/** The requests are Anthropic's own: what is not described here goes to its backends untouched. */
export const MESSAGES_SCHEMAS: NamedSchemas = {
  CreateMessageRequest: openObject({
    ...conversation,
    max_tokens: { type: 'integer', minimum: 1 },
    'stream?': { type: 'boolean' },
    'temperature?': { type: 'number' },
    'top_p?': { type: 'number' },
    'top_k?': { type: 'integer' },
    'stop_sequences?': arrayOf(text),
    'metadata?': openObject({ 'user_id?': { type: ['string', 'null'] } }),
  }),
  CountTokensRequest: openObject(conversation),
  CountTokensResponse: openObject({ input_tokens: { type: 'integer', minimum: 0 } }),
  MessagesRequestMessage: openObject({
    role: { type: 'string', enum: ['user', 'assistant'] },
    content: textOr(arrayOf(schemaRef('MessagesContentBlock'))),
  }),
  ...BLOCKS,
  ...TOOLS,
  ...MESSAGES_ANSWER_SCHEMAS,
};
