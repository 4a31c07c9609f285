import type { ByteBudget } from '../../../contract/byte-budget.js';
import { requestIdOf, type UpstreamResponse } from './upstream-response.js';
import type { UpstreamSettings } from './upstream-settings.js';

/** What a reader of a stream cannot know from the stream itself. */
export interface StreamSource {
  readonly backend: string;
  /** The name asked for. */
  readonly model: string;
  /** Most tokens that were asked for. */
  readonly maxTokens?: number | undefined;
  /** The upstream's own request id, from its headers. */
  readonly requestId?: string | undefined;
  /** What is to be taken out of the upstream's words about a failure, see `secretsOf`. */
  readonly secrets: readonly string[];
  /** Longest single event, or line. */
  readonly maxEventBytes: number;
  /** Where it is counted what all streams hold of large events. */
  readonly eventBytes: ByteBudget;
}

export function streamSource(
  { id, maxEventBytes, eventBytes }: UpstreamSettings,
  secrets: readonly string[],
  { headers }: UpstreamResponse,
  model: string,
  maxTokens: number | undefined,
): StreamSource {
  const requestId = requestIdOf(headers);
  return { backend: id, model, maxTokens, requestId, secrets, maxEventBytes, eventBytes };
}
