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
import { ANSWER_SCHEMAS } from './answer-schemas.js';

const text = { type: 'string' };
const anything = { type: 'object', additionalProperties: true };
const orText = (schema: JsonSchema) => ({ anyOf: [text, schema] });

/** Of the array of parts, and of what stands where text would do. */
const PARTS: NamedSchemas = {
  ChatCompletionContentPart: unionBy('type', {
    text: 'ChatCompletionTextPart',
    refusal: 'ChatCompletionRefusalPart',
    image_url: 'ChatCompletionImagePart',
    input_audio: 'ChatCompletionAudioPart',
    file: 'ChatCompletionFilePart',
  }),
  ChatCompletionTextPart: openObject({ type: oneWord('text'), text }),
  ChatCompletionRefusalPart: openObject({ type: oneWord('refusal'), refusal: text }),
  ChatCompletionImagePart: openObject({
    type: oneWord('image_url'),
    image_url: openObject({
      url: { type: 'string', description: 'A `data:` URL or a remote one.' },
      'detail?': { type: 'string', examples: ['auto', 'low', 'high'] },
    }),
  }),
  ChatCompletionAudioPart: openObject({
    type: oneWord('input_audio'),
    input_audio: openObject({ data: text, format: text }),
  }),
  ChatCompletionFilePart: openObject({ type: oneWord('file'), file: anything }),
};

const content = orText(arrayOf(schemaRef('ChatCompletionContentPart')));

const MESSAGES: NamedSchemas = {
  ChatCompletionRequestMessage: unionBy('role', {
    system: 'ChatCompletionSystemMessage',
    developer: 'ChatCompletionDeveloperMessage',
    user: 'ChatCompletionUserMessage',
    assistant: 'ChatCompletionAssistantMessage',
    tool: 'ChatCompletionToolMessage',
    function: 'ChatCompletionFunctionMessage',
  }),
  ChatCompletionSystemMessage: openObject({ role: oneWord('system'), content, 'name?': text }),
  ChatCompletionDeveloperMessage: openObject({
    role: oneWord('developer'),
    content,
    'name?': text,
  }),
  ChatCompletionUserMessage: openObject({ role: oneWord('user'), content, 'name?': text }),
  ChatCompletionAssistantMessage: openObject({
    role: oneWord('assistant'),
    'content?': orNull(content),
    'name?': text,
    'tool_calls?': arrayOf(schemaRef('ChatCompletionToolCall')),
    'reasoning_content?': { type: 'string', description: 'What it thought, of an earlier answer.' },
    'reasoning?': { type: 'string', description: 'The same, in the words of other servers.' },
  }),
  ChatCompletionToolMessage: openObject({ role: oneWord('tool'), tool_call_id: text, content }),
  ChatCompletionFunctionMessage: {
    ...openObject({ role: oneWord('function'), name: text, content: orNull(content) }),
    deprecated: true,
  },
};

const TOOLS: NamedSchemas = {
  ChatCompletionTool: {
    anyOf: [schemaRef('ChatCompletionFunctionTool'), schemaRef('ChatCompletionCustomTool')],
  },
  ChatCompletionFunctionTool: openObject({
    type: oneWord('function'),
    function: openObject({
      name: text,
      'description?': text,
      'parameters?': { ...anything, description: 'JSON Schema of the arguments.' },
      'strict?': { type: ['boolean', 'null'] },
    }),
  }),
  ChatCompletionCustomTool: openObject({ type: oneWord('custom'), custom: anything }),
  ChatCompletionToolChoice: {
    anyOf: [
      { type: 'string', enum: ['auto', 'none', 'required'] },
      openObject({ type: oneWord('function'), function: openObject({ name: text }) }),
      anything,
    ],
  },
};

const FORMATS: NamedSchemas = {
  ChatCompletionResponseFormat: unionBy('type', {
    text: 'ChatCompletionTextFormat',
    json_object: 'ChatCompletionJsonFormat',
    json_schema: 'ChatCompletionJsonSchemaFormat',
  }),
  ChatCompletionTextFormat: openObject({ type: oneWord('text') }),
  ChatCompletionJsonFormat: openObject({ type: oneWord('json_object') }),
  ChatCompletionJsonSchemaFormat: openObject({
    type: oneWord('json_schema'),
    json_schema: openObject({
      name: text,
      'schema?': anything,
      'strict?': { type: ['boolean', 'null'] },
    }),
  }),
};

const number = { type: ['number', 'null'] };
const integer = { type: ['integer', 'null'] };

/** The request is OpenAI's own: what is not described here goes to upstreams that speak the dialect. */
const REQUEST: NamedSchemas = {
  CreateChatCompletionRequest: openObject({
    model: { type: 'string', description: 'A configured model.', examples: ['gpt-4o'] },
    messages: { ...arrayOf(schemaRef('ChatCompletionRequestMessage')), minItems: 1 },
    // No `default`: openapi-typescript makes a field with one required.
    'stream?': { type: ['boolean', 'null'] },
    'stream_options?': orNull(openObject({ 'include_usage?': { type: 'boolean' } })),
    'n?': { type: ['integer', 'null'], enum: [1, null], description: 'One answer.' },
    'temperature?': number,
    'top_p?': number,
    'max_completion_tokens?': integer,
    'max_tokens?': { ...integer, deprecated: true },
    'stop?': { anyOf: [text, arrayOf(text), { type: 'null' }] },
    'seed?': integer,
    'frequency_penalty?': number,
    'presence_penalty?': number,
    'reasoning_effort?': { type: ['string', 'null'], examples: ['low', 'medium', 'high'] },
    'prompt_cache_key?': {
      type: 'string',
      description: 'Requests with the same one go to the same target, while it is well.',
    },
    'user?': { type: 'string', description: 'Stands for `prompt_cache_key` where that is absent.' },
    'tools?': arrayOf(schemaRef('ChatCompletionTool')),
    'tool_choice?': schemaRef('ChatCompletionToolChoice'),
    'response_format?': schemaRef('ChatCompletionResponseFormat'),
  }),
  ChatCompletionToolCall: openObject({
    id: text,
    type: oneWord('function'),
    function: openObject({ name: text, arguments: { type: 'string', description: 'JSON text.' } }),
  }),
};

export const CHAT_COMPLETION_SCHEMAS: NamedSchemas = {
  ...REQUEST,
  ...MESSAGES,
  ...PARTS,
  ...TOOLS,
  ...FORMATS,
  ...ANSWER_SCHEMAS,
};
