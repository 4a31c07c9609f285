import type { GatewayError } from '../contract/gateway-error.js';

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
}

/** The one error body of every route, in OpenAI's shape. */
export class ErrorBody {
  error: ErrorDetails;
}

export function errorBodyOf(error: GatewayError, requestId: string): ErrorBody {
  const { message, type, code, param = null } = error;
  return { error: { message, type, code, param, requestId } };
}
