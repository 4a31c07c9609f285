import type { Message } from '../../../contract/chat-request.js';
import type { ParsedRequest } from '../dialect.js';
import type { ChatQuery } from './chat-query.dto.js';

export function parseChatQuery({ message, system, model }: ChatQuery): ParsedRequest<void> {
  const messages = [...systemMessage(system), textMessage('user', message)];
  return {
    dialect: 'event-source',
    // `@IsOptional` lets a null pass.
    model: model ?? undefined,
    stream: true,
    chat: { messages, sampling: {} },
    options: undefined,
  };
}

export function systemMessage(system: string | undefined): Message[] {
  return system ? [{ ...textMessage('system', system), param: 'system' }] : [];
}

function textMessage(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] };
}
