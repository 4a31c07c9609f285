import type { Dialect } from '../dialect.js';
import { toOpenAiError } from '../openai-shared/errors.js';
import { toChatCompletion } from './encode-answer.js';
import { ChatCompletionEncoder } from './encode-stream.js';
import { type ChatCompletionOptions, parseChatCompletionRequest } from './parse-request.js';

/** OpenAI's Chat Completions. */
export const chatCompletions: Dialect<ChatCompletionOptions, string> = {
  name: 'chat-completions',
  contentType: 'text/event-stream; charset=utf-8',
  read: parseChatCompletionRequest,
  encoder: ({ includeUsage }) => new ChatCompletionEncoder(includeUsage),
  answer: toChatCompletion,
  failure: (error, about) => ({ body: toOpenAiError(error, about) }),
};
