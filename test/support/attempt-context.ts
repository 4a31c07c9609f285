import type { AttemptContext } from '../../src/contract/chat-backend.js';

/** An attempt that wants to hear nothing of what its backend tells, or only what `hooks` listen to. */
export function contextOf(
  signal = new AbortController().signal,
  hooks: Partial<AttemptContext> = {},
): AttemptContext {
  return { signal, requestSent: () => {}, malformedEvent: () => {}, ...hooks };
}
