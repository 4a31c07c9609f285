import type { Dialect } from '../dialect.js';
import { toOpenAiError } from '../openai-shared/errors.js';
import { EventSourceEncoder, type ServerSentEvent } from './encode-stream.js';
import { parseChatBody } from './parse-request.js';

/** Our EventSource protocol, for browsers (ADR 20). Before its stream opens, errors are OpenAI's. */
export const eventSource: Dialect<void, ServerSentEvent> = {
  name: 'event-source',
  contentType: 'text/event-stream; charset=utf-8',
  read: parseChatBody,
  encoder: (_options, record) => new EventSourceEncoder(record),
  failure: (error, about) => ({ body: toOpenAiError(error, about) }),
};
