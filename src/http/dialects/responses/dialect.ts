import type { Dialect } from '../dialect.js';
import { toOpenAiError } from '../openai-shared/errors.js';
import { toResponse } from './encode-answer.js';
import { ResponsesEncoder } from './encode-stream.js';
import { parseResponsesRequest } from './parse-request.js';
import type { ResponsesOptions } from './response-object.js';

/** OpenAI's Responses, without what needs a store. */
export const responses: Dialect<ResponsesOptions, string> = {
  name: 'responses',
  contentType: 'text/event-stream; charset=utf-8',
  read: parseResponsesRequest,
  encoder: (options, record) => new ResponsesEncoder(options, record),
  answer: toResponse,
  failure: (error, about) => ({ body: toOpenAiError(error, about) }),
};
