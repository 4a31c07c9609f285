import type { GatewayError } from '../../../contract/gateway-error.js';
import type { ErrorBody } from '../../errors/error-body.dto.js';
import type { FailureInfo } from '../dialect.js';
import { failedAttempts } from '../failed-attempts.js';

/** OpenAI's error body, with the request id and who was asked in vain. */
export function toOpenAiError(error: GatewayError, about: FailureInfo): ErrorBody {
  const { message, type, code, param = null } = error;
  const attempts = failedAttempts(error, about.record);
  const { requestId } = about;
  return { error: { message, type, code, param, requestId, ...(attempts && { attempts }) } };
}
