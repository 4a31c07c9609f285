import type { Fault } from '../../contract/faults.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { GenerationRecord } from '../../contract/generation.js';

/** A target that was asked in vain. */
export interface FailedAttempt {
  readonly backend: string;
  readonly fault: Fault;
}

/** Nothing but who failed and how: an error's other details are for the operator. */
export function failedAttempts(
  { fault, breakerEffect }: GatewayError,
  record: GenerationRecord | undefined,
): FailedAttempt[] | undefined {
  if (!record) return undefined;
  // Time was up, or the pod went down, while an attempt ran or after it had answered.
  const isNoTargetsFailure = breakerEffect === 'ignore';
  const failed = record.attempts.flatMap(({ backend, outcome }): FailedAttempt[] => {
    if (outcome !== 'cancelled' && outcome !== 'ok') return [{ backend, fault: outcome }];
    // Otherwise it was given up because its answer differed from what had been sent.
    return isNoTargetsFailure ? [{ backend, fault }] : [];
  });
  return failed.length > 0 ? failed : undefined;
}
