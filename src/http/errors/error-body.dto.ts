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

/** The error body of every route but Anthropic's and Ollama's, in OpenAI's shape. */
export class ErrorBody {
  error: ErrorDetails;
}
