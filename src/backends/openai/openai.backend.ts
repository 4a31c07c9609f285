import type { ChatBackend } from '../../contract/chat-backend.js';
import { sseOrJson } from '../shared/answer/media-type.js';
import type { UpstreamSettings } from '../shared/connection/upstream-settings.js';
import { HttpBackend } from '../shared/http-backend.js';
import { LateUsage } from './late-usage.js';
import { parseOpenAiAnswer } from './openai-answer.js';
import { fitOf } from './openai-request.js';
import { OpenAiSender } from './openai-sender.js';
import { readOpenAiStream, streamOf } from './openai-stream.js';
import { RESPONSES } from './responses/responses-protocol.js';
import { TwoApiBackend } from './two-api-backend.js';

export interface OpenAiSettings extends UpstreamSettings {
  /** `false`: this server does not know `stream_options`, so usage is not asked for. */
  readonly streamUsage?: boolean | undefined;
  /** `true`: it has `/responses`, and callers of that dialect are answered from there. */
  readonly responses?: boolean | undefined;
}

/** OpenAI's Chat Completions, and its Responses where they are there, at OpenAI or at any server compatible with it. */
export function createOpenAiBackend(settings: OpenAiSettings): ChatBackend {
  const sender = new OpenAiSender(settings.streamUsage ?? true);
  const lateUsage = new LateUsage();
  const chat = new HttpBackend(settings, {
    path: '/chat/completions',
    fit: fitOf,
    send: (...sending) => sender.send(...sending),
    formOf: sseOrJson,
    readStream: (bytes, source, notices) => readOpenAiStream(bytes, source, notices, lateUsage),
    readWhole: parseOpenAiAnswer,
    streamWhole: streamOf,
  });
  return settings.responses === true
    ? new TwoApiBackend(chat, new HttpBackend(settings, RESPONSES))
    : chat;
}
