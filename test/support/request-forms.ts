import type { DialectName } from '../../src/contract/stream-event.js';
import type { CallerRequest } from './slow-caller.js';

/** One way to ask for an answer. */
export interface RequestForm {
  readonly name: string;
  readonly dialect: DialectName;
  readonly streaming: boolean;
  readonly ask: (model: string, message?: string) => CallerRequest;
}

function chatCompletion(stream: boolean): RequestForm['ask'] {
  return (model, message = 'Hi') => ({
    path: '/v1/chat/completions',
    body: { model, stream, messages: [{ role: 'user', content: message }] },
  });
}

/** Both forms of a streaming route, and the one without a stream. */
export const REQUEST_FORMS: readonly RequestForm[] = [
  {
    name: 'GET /chat',
    dialect: 'event-source',
    streaming: true,
    ask: (model, message = 'Hi') => ({ path: `/chat/${model}?message=${message}` }),
  },
  {
    name: 'POST /chat',
    dialect: 'event-source',
    streaming: true,
    ask: (model, message = 'Hi') => ({
      path: `/chat/${model}`,
      body: { messages: [{ role: 'user', content: message }] },
    }),
  },
  {
    name: 'a stream of /v1',
    dialect: 'chat-completions',
    streaming: true,
    ask: chatCompletion(true),
  },
  {
    name: 'stream: false',
    dialect: 'chat-completions',
    streaming: false,
    ask: chatCompletion(false),
  },
];
