import type { Request } from 'express';
import type { ChatRequest } from '../contract/chat-request.js';

/** `chat` with access to the headers that it came with, for backends that pass some of them on. */
export function withHeadersOf(request: Request, chat: ChatRequest): ChatRequest {
  return { ...chat, callerHeader: (name) => request.header(name) };
}
