import type { Message } from '../../../contract/chat-request.js';

/**
 * A message as OpenAI and Ollama have it: each result of a tool is one of its own, right behind the
 * calls, and what the user says beside them comes after.
 */
export function splitResults(message: Message): readonly Message[] {
  const { role, parts } = message;
  if (role === 'tool' || !parts.some(({ type }) => type === 'tool-result')) return [message];
  const results = parts.filter(({ type }) => type === 'tool-result');
  const others = parts.filter(({ type }) => type !== 'tool-result');
  return [
    ...results.map((result): Message => ({ role: 'tool', parts: [result] })),
    ...(others.length > 0 ? [{ ...message, parts: others }] : []),
  ];
}
