import type { ChatBackend } from '../../contract/chat-backend.js';
import { sseOrJson } from '../shared/answer/media-type.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { HttpBackend } from '../shared/http-backend.js';
import { LateUsage } from './late-usage.js';
import { parseOpenAiAnswer } from './openai-answer.js';
import { fitOf } from './openai-request.js';
import { OpenAiSender } from './openai-sender.js';
import { readOpenAiStream, streamOf } from './openai-stream.js';
import { RESPONSES_PROTOCOL } from './responses/responses-protocol.js';
import { TwoProtocols } from './two-protocols.js';

export interface OpenAiSettings extends UpstreamSettings {
  /** `false`: this server does not know `stream_options`, so usage is not asked for. */
  readonly streamUsage?: boolean | undefined;
  /** `true`: it has `/responses`, and callers of that dialect are answered from there. */
  readonly responses?: boolean | undefined;
}

/** OpenAI's Chat Completions, at OpenAI or at any server compatible with it, and its Responses. */
export function createOpenAiBackend(settings: OpenAiSettings): ChatBackend {
  const chatCompletions = createChatCompletionsBackend(settings);
  if (!settings.responses) return chatCompletions;
  return new TwoProtocols(chatCompletions, new HttpBackend(settings, RESPONSES_PROTOCOL));
}

function createChatCompletionsBackend(settings: OpenAiSettings): HttpBackend {
  const sender = new OpenAiSender(settings.streamUsage ?? true);
  const lateUsage = new LateUsage();
  return new HttpBackend(settings, {
    path: '/chat/completions',
    fit: fitOf,
    send: (...sending) => sender.send(...sending),
    formOf: sseOrJson,
    readStream: (bytes, source, notices) => readOpenAiStream(bytes, source, notices, lateUsage),
    readWhole: parseOpenAiAnswer,
    streamWhole: streamOf,
  });
}
