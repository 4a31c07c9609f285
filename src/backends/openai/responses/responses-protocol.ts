import { sseOrJson } from '../../shared/answer/media-type.js';
import type { UpstreamProtocol } from '../../shared/http-backend.js';
import { parseResponse, streamResponse } from './responses-answer.js';
import { fitOf, responsesBody } from './responses-request.js';
import { readResponsesStream } from './responses-stream.js';

/** OpenAI's Responses API, asked for callers that speak it themselves. */
export const RESPONSES: UpstreamProtocol = {
  path: '/responses',
  fit: fitOf,
  send: (upstream, request, target, stream, attempt) =>
    upstream.post(responsesBody(request, target, stream), attempt, request),
  formOf: sseOrJson,
  readStream: readResponsesStream,
  readWhole: parseResponse,
  streamWhole: streamResponse,
};
