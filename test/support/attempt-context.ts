import type { AttemptContext } from '../../src/contract/chat-backend.js';

/** An attempt that wants to hear nothing of what its backend tells. */
export function contextOf(signal = new AbortController().signal): AttemptContext {
  return { signal, requestSent: () => {}, malformedEvent: () => {} };
}
