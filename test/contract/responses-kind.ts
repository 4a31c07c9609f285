import type { ChatBackend } from '../../src/contract/chat-backend.js';
import { createOpenAiBackend } from '../../src/backends/openai/openai.backend.js';
import { readResponsesStream } from '../../src/backends/openai/responses/responses-stream.js';
import type { UpstreamSettings } from '../../src/backends/shared/connection/upstream-settings.js';
import { openAi, openAiError } from '../support/openai-script.js';
import {
  argumentsDelta,
  beginning,
  callItem,
  ending,
  frame,
  itemAdded,
  itemDone,
  messageItem,
  response,
  responses,
  RESPONSES_STREAM_TYPE,
  streamOf,
  textDelta,
} from '../support/responses-script.js';
import { replays } from '../support/upstream-scripts.js';
import type { BackendKind } from './backend-kind.js';

const BODY = { model: 'asked', input: 'Say hello.' };

const inBand = (fields: { type?: string; code?: string | null }) =>
  openAiError('No more for sk-secret-123.', fields)['error'];

/** A backend whose callers all speak the Responses API. */
function createForResponses(settings: UpstreamSettings): ChatBackend {
  const backend = createOpenAiBackend({ ...settings, responses: true });
  const native = { dialect: 'responses', body: BODY } as const;
  return {
    id: backend.id,
    fit: (request, target) => backend.fit({ native, ...request }, target),
    open: (request, target, context) => backend.open({ native, ...request }, target, context),
    complete: (request, target, context) =>
      backend.complete({ native, ...request }, target, context),
    close: () => backend.close(),
  };
}

/** What a backend of kind `openai` with `responses: true` is to callers of that API. */
export const RESPONSES_KIND: BackendKind = {
  name: 'OpenAI Responses',
  create: createForResponses,
  baseUrlOf: (upstream) => upstream.openaiUrl,
  scripts: responses,
  prefillScripts: openAi,
  keyHeader: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),
  stopWord: 'completed',
  hasNoStopReasons: true,
  finishing: (finishReason) => ({ finishReason }),
  abortedWith: (text) => streamOf(textDelta(text), ending([], { finishReason: 'abort' })),
  streamsCounts: (input) =>
    replays(
      RESPONSES_STREAM_TYPE,
      streamOf(
        ...beginning(),
        textDelta('Hi'),
        ending([messageItem('Hi')], { counts: { input_tokens: input, output_tokens: 3 } }),
      ),
    ),
  streamType: RESPONSES_STREAM_TYPE,
  event: (json) => `data: ${json}\n\n`,
  answersWith: [
    (value) => response([messageItem('Hi')], { fields: { unknown: value } }),
    (value) => response([messageItem(value)]),
    (value) => response([{ type: 'of_tomorrow', value }]),
    (value) => response([callItem(value)]),
  ],
  eventsWith: [
    (value) => ({ ...textDelta('lo'), unknown: value }),
    (value) => textDelta(value),
    (value) => ({ type: 'response.of_tomorrow', value }),
    (value) => itemAdded(0, { type: 'of_tomorrow', value }),
    (value) => argumentsDelta(value, 'fc_1', 0),
    (value) => itemDone(0, callItem(value)),
  ],
  textEvent: (text) => frame(textDelta(text)),
  finishEvent: frame(ending([])),
  brokenEvent:
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","del\n\n',
  noise: 'data: ping\n\n',
  meaningless:
    ': a comment\n\n\n\ndata:\n\nevent: keepalive\ndata: {"type":"keepalive","sequence_number":3}\n\ndata: 42\n\nevent: ping\n\n',
  errorBody: (message, details) => openAiError(message, details),
  hasErrorCodes: true,
  inBandErrors: [
    ['a server error', inBand({ type: 'server_error' }), 'upstream_unavailable'],
    ['an error without a type', { message: 'sk-secret-123' }, 'upstream_unavailable'],
    ['an error that is a sentence', 'Out of memory at sk-secret-123', 'upstream_unavailable'],
    ['an error with a status', { message: 'Busy', code: 503 }, 'upstream_unavailable'],
    ['an exceeded rate', inBand({ code: 'rate_limit_exceeded' }), 'rate_limited'],
    ['an exhausted quota', inBand({ code: 'insufficient_quota' }), 'quota_exhausted'],
    ['a filtered prompt', { message: 'Filtered.', code: 'invalid_prompt' }, 'content_filtered'],
    ['a refused key', inBand({ code: 'invalid_api_key' }), 'upstream_credentials'],
    [
      'a prompt that is too long',
      { message: 'Too long.', type: 'invalid_request_error', code: 'context_length_exceeded' },
      'context_too_long',
    ],
  ],
  fixtures: { folder: 'responses', extension: 'sse' },
  readStream: readResponsesStream,
};
