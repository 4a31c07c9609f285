import type { AttemptContext, UpstreamNotices } from '../../src/contract/chat-backend.js';

/** Hears of nothing. */
export const NO_NOTICES: UpstreamNotices = {
  malformedEvent: () => {},
  unknownFinishReason: () => {},
  implausibleUsage: () => {},
};

/** An attempt that wants to hear nothing of what its backend tells, or only what `hooks` listen to. */
export function contextOf(
  signal = new AbortController().signal,
  hooks: Partial<AttemptContext> = {},
): AttemptContext {
  return { notices: NO_NOTICES, signal, requestSent: () => {}, ...hooks };
}
