import { sseOrJson } from '../../shared/answer/media-type.js';
import type { UpstreamProtocol } from '../../shared/http-backend.js';
import { parseResponsesAnswer, streamResponsesAnswer } from './responses-answer.js';
import { fitOf, toResponsesBody } from './responses-request.js';
import { readResponsesStream } from './responses-stream.js';

/**
 * OpenAI's Responses, for callers of that dialect: their own body is sent, and events are passed on.
 * @see https://platform.openai.com/docs/api-reference/responses
 */
export const RESPONSES_PROTOCOL: UpstreamProtocol = {
  path: '/responses',
  fit: fitOf,
  send: (upstream, request, target, stream, attempt) =>
    upstream.post(toResponsesBody(request, target, stream), attempt, request),
  formOf: sseOrJson,
  readStream: readResponsesStream,
  readWhole: parseResponsesAnswer,
  streamWhole: streamResponsesAnswer,
};
