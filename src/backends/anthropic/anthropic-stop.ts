import type { UpstreamNotices } from '../../contract/chat-backend.js';
import type { FinishReason } from '../../contract/stream-event.js';
import { failedFinish, parseFinishReason } from '../shared/answer/finish-reason.js';

/** Anthropic's own, which have no equal elsewhere. */
const KNOWN = new Set(['pause_turn', 'compaction']);

/**
 * Why the answer ended.
 * @throws GatewayError `upstream_cut` where the word says that it was given up
 */
export function parseStopReason(
  rawReason: string,
  calledTools: boolean,
  backend: string,
  notices: UpstreamNotices,
): { readonly reason: FinishReason; readonly rawReason: string } {
  const failure = failedFinish(rawReason, backend);
  if (failure) throw failure;
  const reason = parseFinishReason(rawReason);
  if (reason === 'other' && !KNOWN.has(rawReason)) notices.unknownFinishReason(rawReason);
  return { reason: reason === 'stop' && calledTools ? 'tool_calls' : reason, rawReason };
}
