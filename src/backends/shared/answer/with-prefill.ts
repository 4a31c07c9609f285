import { isJsonObject } from '../../../contract/json.js';

/**
 * Messages as OpenAI and Ollama have them, with the beginning of the answer at their end. Where the
 * caller began the answer itself, it goes on there: two messages of the assistant in a row are two
 * answers to most templates.
 */
export function withPrefill(messages: readonly unknown[], prefill: string): readonly unknown[] {
  const last = messages.at(-1);
  if (isJsonObject(last) && last['role'] === 'assistant' && typeof last['content'] === 'string') {
    return [...messages.slice(0, -1), { ...last, content: last['content'] + prefill }];
  }
  return [...messages, { role: 'assistant', content: prefill }];
}
