import type { FinishReason } from '../../../contract/stream-event.js';
import type { ResponseState } from './response-object.js';

/** What a finish reason makes of a Response. */
export function statusOf(reason: FinishReason): {
  readonly status: 'completed' | 'incomplete';
  readonly reason?: ResponseState['reason'];
} {
  if (reason === 'length') return { status: 'incomplete', reason: 'max_output_tokens' };
  if (reason === 'content_filter') return { status: 'incomplete', reason };
  return { status: 'completed' };
}
