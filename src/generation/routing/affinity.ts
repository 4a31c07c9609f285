import type { ChatRequest } from '../../contract/chat-request.js';
import type { CallerContext } from '../caller-context.js';

/** So much of a conversation tells it from others. */
const OPENING_CHARS = 1024;

/**
 * What requests that should meet the same prompt cache have in common: what the caller says of it,
 * else who asks and how the conversation opens. Only up to its first user message: what comes behind
 * grows with every turn, and the target must not change with it.
 */
export function affinityOf(request: ChatRequest, { caller }: CallerContext): string {
  return request.affinity ?? `${caller.id}\n${openingOf(request)}`;
}

function openingOf({ messages }: ChatRequest): string {
  let opening = '';
  for (const { role, parts } of messages) {
    opening += `${role}\n`;
    for (const part of parts) {
      if (part.type === 'text') opening += `${part.text}\n`;
      else if (part.type === 'image') opening += `${part.url.slice(0, OPENING_CHARS)}\n`;
    }
    if (role === 'user' || opening.length >= OPENING_CHARS) break;
  }
  return opening.slice(0, OPENING_CHARS);
}
