import type { ChatRequest, Message } from '../../../contract/chat-request.js';
import type { ChatQueryDto } from './chat-query.dto.js';

export function requestOfQuery({ message, system }: ChatQueryDto): ChatRequest {
  return {
    messages: [...systemMessage(system), textMessage('user', message)],
    sampling: {},
  };
}

export function systemMessage(system: string | undefined): Message[] {
  return system ? [textMessage('system', system)] : [];
}

function textMessage(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] };
}
