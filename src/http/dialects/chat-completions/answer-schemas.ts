import { FINISH_REASONS } from '../../../contract/stream-event.js';
import {
  arrayOf,
  type JsonSchema,
  type NamedSchemas,
  oneWord,
  openObject,
  orNull,
  schemaRef,
} from '../../json-schema.js';
import { toOpenAiFinishReason } from './vocabulary.js';

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const count = { type: 'integer', minimum: 0 };
const details = openObject({ 'cached_tokens?': count, 'reasoning_tokens?': count });

/** What Sluice writes; `function_call` is of upstreams that pass on their own. */
const FINISHES = [...new Set([...FINISH_REASONS.map(toOpenAiFinishReason), 'function_call'])];

const logprobs: JsonSchema = {
  anyOf: [{ type: 'object', additionalProperties: true }, { type: 'null' }],
};
const images = arrayOf(
  openObject({ type: oneWord('image_url'), image_url: openObject({ url: text }) }),
);

/** What is said of the answer as a whole and of each of its chunks. */
const heading = { id: text, created: { type: 'integer' }, model: text };

/** What a Chat Completion answers with, whole and streamed. Upstreams may add fields. */
export const ANSWER_SCHEMAS: NamedSchemas = {
  ChatCompletion: openObject({
    ...heading,
    object: oneWord('chat.completion'),
    choices: {
      ...arrayOf(
        openObject({
          index: { type: 'integer' },
          message: schemaRef('ChatCompletionMessage'),
          finish_reason: schemaRef('ChatCompletionFinishReason'),
          'logprobs?': logprobs,
        }),
      ),
      minItems: 1,
    },
    'usage?': schemaRef('ChatCompletionUsage'),
  }),
  ChatCompletionMessage: openObject({
    role: oneWord('assistant'),
    content: textOrNull,
    'refusal?': textOrNull,
    'reasoning_content?': textOrNull,
    'images?': images,
    'tool_calls?': arrayOf(schemaRef('ChatCompletionToolCall')),
  }),
  ChatCompletionFinishReason: { type: 'string', enum: FINISHES },
  ChatCompletionUsage: openObject({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    'prompt_tokens_details?': details,
    'completion_tokens_details?': details,
  }),
  ChatCompletionChunk: openObject({
    ...heading,
    object: oneWord('chat.completion.chunk'),
    choices: {
      ...arrayOf(
        openObject({
          index: { type: 'integer' },
          delta: schemaRef('ChatCompletionDelta'),
          finish_reason: orNull(schemaRef('ChatCompletionFinishReason')),
          'logprobs?': logprobs,
        }),
      ),
      description: 'Empty in the last chunk, which has the usage that was asked for.',
    },
    'usage?': orNull(schemaRef('ChatCompletionUsage')),
  }),
  ChatCompletionDelta: openObject({
    'role?': oneWord('assistant'),
    'content?': textOrNull,
    'refusal?': textOrNull,
    'reasoning_content?': textOrNull,
    'images?': images,
    'tool_calls?': arrayOf(
      openObject({
        index: { type: 'integer' },
        'id?': text,
        'type?': oneWord('function'),
        'function?': openObject({
          'name?': text,
          'arguments?': { type: 'string', description: 'A fragment of JSON text.' },
        }),
      }),
    ),
  }),
  ChatCompletionStreamEvent: {
    description:
      'The data of one event, before the last, `[DONE]`. An error is the last event of a stream that is cut then.',
    anyOf: [schemaRef('ChatCompletionChunk'), schemaRef('ErrorBody')],
  },
};
