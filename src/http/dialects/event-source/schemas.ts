import { FINISH_REASONS } from '../../../contract/stream-event.js';
import { WAITED_FOR } from '../../../contract/waits.js';
import {
  arrayOf,
  type JsonSchema,
  type NamedSchemas,
  objectOf,
  oneWord,
  openObject,
  schemaRef,
  unionBy,
} from '../../json-schema.js';

const text = { type: 'string' };
const count = { type: 'integer', minimum: 0 };
const url = { type: 'string', description: 'A `data:` URL or a remote one.' };

/** What each event of `/chat` has for data, by the name of the event. */
const EVENTS: Readonly<Record<string, readonly [name: string, JsonSchema]>> = {
  start: ['ChatStartEvent', openObject({ streamId: text, model: text })],
  heartbeat: ['ChatHeartbeatEvent', { type: 'object', additionalProperties: true }],
  message: ['ChatMessageEvent', openObject({ text })],
  reasoning: ['ChatReasoningEvent', openObject({ text })],
  'tool-call': [
    'ChatToolCallEvent',
    openObject({
      index: { type: 'integer' },
      'id?': text,
      'name?': text,
      arguments: { type: 'string', description: 'A fragment of JSON text.' },
    }),
  ],
  image: ['ChatImageEvent', openObject({ url })],
  done: [
    'ChatDoneEvent',
    openObject({
      streamId: text,
      model: text,
      backend: text,
      finishReason: schemaRef('FinishReason'),
      'usage?': schemaRef('Usage'),
      waitedMs: {
        ...objectOf(Object.fromEntries(WAITED_FOR.map((on) => [`${on}?`, count]))),
        description:
          'Where the time went, in milliseconds, by whom was waited for; together as long as the answer took.',
      },
      'longestGapMs?': { ...count, description: 'The longest single wait.' },
      'longestGapOn?': { type: 'string', enum: WAITED_FOR },
      'costUsd?': { type: 'number', description: 'Where the target has a price.' },
      'recovered?': {
        type: 'boolean',
        const: true,
        description: 'The answer broke off and was taken up again.',
      },
    }),
  ],
  failed: [
    'ChatFailedEvent',
    openObject({
      code: schemaRef('Fault'),
      message: text,
      requestId: text,
      retryable: { type: 'boolean' },
      'attempts?': arrayOf(schemaRef('FailedAttempt')),
    }),
  ],
};

export const CHAT_SCHEMAS: NamedSchemas = {
  ...Object.fromEntries(
    Object.entries(EVENTS).map(([event, [name, schema]]) => [
      name,
      { description: `The data of \`event: ${event}\`.`, ...schema },
    ]),
  ),
  ChatEvent: {
    description: 'The data of one event: its name tells which.',
    anyOf: Object.values(EVENTS).map(([name]) => schemaRef(name)),
  },
  ChatContentPart: unionBy('type', { text: 'ChatTextPart', image: 'ChatImagePart' }),
  ChatTextPart: { ...objectOf({ type: oneWord('text'), text }), additionalProperties: false },
  ChatImagePart: { ...objectOf({ type: oneWord('image'), url }), additionalProperties: false },
  FinishReason: {
    type: 'string',
    enum: FINISH_REASONS,
    description: "`other`: the upstream's word has no equal.",
  },
  Usage: {
    ...openObject({
      'input?': count,
      'output?': count,
      'cachedInput?': count,
      'cacheWrite?': count,
      'reasoning?': count,
    }),
    description: 'Counts as the upstream reported them; one that it did not report is absent.',
  },
};
