import type { EventBatch } from '../../contract/event-batch.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { EndPart } from '../../contract/stream-event.js';
import type { Attempt } from '../attempt/attempt.js';
import type { NextBatch } from '../attempt/first-content.js';

/** An attempt, and the batches of it that the caller gets. */
export interface ActiveAttempt {
  readonly attempt: Attempt;
  readonly next: NextBatch;
}

/** What becomes of an answer that breaks off after its first content. */
export interface Recovery {
  /** Takes note of what the caller is given. */
  noteSent(batch: EventBatch): void;
  /**
   * Finds a target that takes the answer up where `broken` left it.
   * @throws GatewayError `failure` where there is none
   */
  resume(failure: GatewayError, broken: Attempt): Promise<ActiveAttempt>;
  /** The end of the answer, with what all its attempts cost. */
  withTotalUsage(end: EndPart): EndPart;
}

/** Where the model's settings or the request rule it out. */
export const NO_RECOVERY: Recovery = {
  noteSent: () => undefined,
  resume: (failure) => Promise.reject(failure),
  withTotalUsage: (end) => end,
};
