import { ALL_FAULTS } from '../../../contract/faults.js';
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
import { ERROR_TYPES } from './errors.js';

const text = { type: 'string' };
const textOrNull = { type: ['string', 'null'] };
const count = { type: 'integer', minimum: 0 };
const countOrNull = { type: ['integer', 'null'], minimum: 0 };
const index = { type: 'integer' };

/** @see https://platform.claude.com/docs/en/build-with-claude/handling-stop-reasons */
const STOP_REASONS = [
  'end_turn',
  'max_tokens',
  'stop_sequence',
  'tool_use',
  'pause_turn',
  'refusal',
  'model_context_window_exceeded',
];

/** The schema of an event by its `type`, which is its name in the stream, too. */
const EVENTS: Readonly<Record<string, readonly [name: string, JsonSchema]>> = {
  message_start: [
    'MessageStartEvent',
    openObject({ type: oneWord('message_start'), message: schemaRef('Message') }),
  ],
  content_block_start: [
    'ContentBlockStartEvent',
    openObject({
      type: oneWord('content_block_start'),
      index,
      content_block: schemaRef('MessageContentBlock'),
    }),
  ],
  content_block_delta: [
    'ContentBlockDeltaEvent',
    openObject({
      type: oneWord('content_block_delta'),
      index,
      delta: schemaRef('ContentBlockDelta'),
    }),
  ],
  content_block_stop: [
    'ContentBlockStopEvent',
    openObject({ type: oneWord('content_block_stop'), index }),
  ],
  message_delta: [
    'MessageDeltaEvent',
    openObject({
      type: oneWord('message_delta'),
      delta: openObject({
        stop_reason: orNull(schemaRef('StopReason')),
        stop_sequence: textOrNull,
      }),
      usage: schemaRef('MessageDeltaUsage'),
    }),
  ],
  message_stop: ['MessageStopEvent', openObject({ type: oneWord('message_stop') })],
  ping: ['MessagePingEvent', openObject({ type: oneWord('ping') })],
  error: [
    'MessagesError',
    openObject({
      type: oneWord('error'),
      error: openObject({
        type: { type: 'string', enum: ERROR_TYPES },
        message: text,
        'code?': { type: 'string', enum: ALL_FAULTS, description: "Sluice's own word for it." },
        'param?': { type: 'string', description: 'The field that is wrong.' },
        'attempts?': arrayOf(schemaRef('FailedAttempt')),
      }),
      request_id: textOrNull,
    }),
  ],
};

const kinds = Object.fromEntries(Object.entries(EVENTS).map(([type, [name]]) => [type, name]));

const cacheCounts = {
  'cache_creation_input_tokens?': countOrNull,
  'cache_read_input_tokens?': countOrNull,
};

/** What Messages answers with, whole and streamed. Anthropic may add kinds of blocks and fields. */
export const MESSAGES_ANSWER_SCHEMAS: NamedSchemas = {
  Message: openObject({
    id: text,
    type: oneWord('message'),
    role: oneWord('assistant'),
    model: text,
    content: arrayOf(schemaRef('MessageContentBlock')),
    stop_reason: orNull(schemaRef('StopReason')),
    stop_sequence: textOrNull,
    usage: schemaRef('MessageUsage'),
  }),
  MessageContentBlock: unionBy('type', {
    text: 'MessagesTextBlock',
    thinking: 'MessagesThinkingBlock',
    redacted_thinking: 'MessagesRedactedThinkingBlock',
    tool_use: 'MessagesToolUseBlock',
  }),
  StopReason: { type: 'string', enum: STOP_REASONS },
  MessageUsage: openObject({ input_tokens: count, output_tokens: count, ...cacheCounts }),
  MessageDeltaUsage: openObject({
    output_tokens: count,
    'input_tokens?': countOrNull,
    ...cacheCounts,
  }),
  ContentBlockDelta: unionBy('type', {
    text_delta: 'TextDelta',
    input_json_delta: 'InputJsonDelta',
    thinking_delta: 'ThinkingDelta',
    signature_delta: 'SignatureDelta',
    citations_delta: 'CitationsDelta',
  }),
  TextDelta: openObject({ type: oneWord('text_delta'), text }),
  InputJsonDelta: openObject({ type: oneWord('input_json_delta'), partial_json: text }),
  ThinkingDelta: openObject({ type: oneWord('thinking_delta'), thinking: text }),
  SignatureDelta: openObject({ type: oneWord('signature_delta'), signature: text }),
  CitationsDelta: openObject({
    type: oneWord('citations_delta'),
    citation: { type: 'object', additionalProperties: true },
  }),
  MessageStreamEvent: unionBy('type', kinds),
  ...Object.fromEntries(Object.values(EVENTS)),
};
