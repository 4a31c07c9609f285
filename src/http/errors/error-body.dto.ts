import type { GatewayError } from '../../contract/gateway-error.js';
import type { GenerationRecord } from '../../contract/generation.js';
import { defined } from '../../contract/json.js';

class FailedAttempt {
  /** The backend that was asked. */
  backend: string;
  /** What became of it, such as `upstream_unavailable`. */
  fault: string;
}

class ErrorDetails {
  /** What is wrong, for people. */
  message: string;
  /** OpenAI's kind of error, such as `invalid_request_error`. */
  type: string;
  /** OpenAI's code, such as `model_not_found`. */
  code: string | null;
  /** The field that is wrong. */
  param: string | null;
  /** The `x-request-id` of this answer, for a talk with the operator. */
  requestId: string;
  /** Who was asked in vain, in order; absent where nobody was. */
  attempts?: FailedAttempt[];
}

/** The one error body of every route, in OpenAI's shape. */
export class ErrorBody {
  error: ErrorDetails;
}

/** @param record of the generation that failed, if there was one */
export function errorBodyOf(
  error: GatewayError,
  requestId: string,
  record: GenerationRecord | undefined,
): ErrorBody {
  const { message, type, code, param = null } = error;
  const attempts = record && attemptsOf(record, error);
  return { error: { message, type, code, param, requestId, ...defined({ attempts }) } };
}

/** Nothing but who failed and how: an error's other details are for the operator. */
export function attemptsOf(
  { attempts }: GenerationRecord,
  { fault, breakerEffect }: GatewayError,
): FailedAttempt[] | undefined {
  // Time was up, or the pod went down, while an attempt ran or after it had answered.
  const isNobodysFailure = breakerEffect === 'ignore';
  const failed = attempts.flatMap(({ backend, outcome }): FailedAttempt[] => {
    if (outcome !== 'cancelled' && outcome !== 'ok') return [{ backend, fault: outcome }];
    // Otherwise it was given up because its answer differed from what had been sent.
    return isNobodysFailure ? [{ backend, fault }] : [];
  });
  return failed.length > 0 ? failed : undefined;
}
