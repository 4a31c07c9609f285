import type { Dialect } from '../dialect.js';
import { toMessage } from './encode-answer.js';
import { MessagesEncoder } from './encode-stream.js';
import { toAnthropicFailure } from './errors.js';
import { parseMessagesRequest } from './parse-request.js';

/** Anthropic's Messages. */
export const messages: Dialect<void, string> = {
  name: 'messages',
  contentType: 'text/event-stream; charset=utf-8',
  requestIdHeader: 'request-id',
  read: parseMessagesRequest,
  encoder: (_options, record) => new MessagesEncoder(record),
  answer: toMessage,
  failure: toAnthropicFailure,
};
