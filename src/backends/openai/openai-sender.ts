import type { AttemptContext, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { isJsonObject } from '../../contract/json.js';
import type { UpstreamClient } from '../shared/connection/upstream-client.js';
import type { UpstreamResponse } from '../shared/connection/upstream-response.js';
import { takesCompletionTokens } from './openai-fields-sent.js';
import { nativeBody, requestBody, streamedRequestBody, type Wording } from './openai-request.js';

/**
 * Sends requests in the words that their server knows. It says so when it does not know one: then it
 * is asked once more without it, and from then on, if that was accepted.
 */
export class OpenAiSender {
  #asksUsage: boolean;
  /** Models that were seen to want `max_completion_tokens`. */
  readonly #refusesMaxTokens = new Set<string>();

  constructor(asksUsage: boolean) {
    this.#asksUsage = asksUsage;
  }

  /** @throws GatewayError as `UpstreamClient.post` */
  async send(
    upstream: UpstreamClient,
    request: ChatRequest,
    target: Target,
    stream: boolean,
    attempt: AttemptContext,
  ): Promise<UpstreamResponse> {
    let wording: Wording = {
      asksUsage: stream && this.#asksUsage,
      renamesLimit: takesCompletionTokens(target) || this.#refusesMaxTokens.has(target.model),
    };
    for (;;) {
      const makeBody = stream ? streamedRequestBody : requestBody;
      try {
        const body = makeBody(request, target, wording);
        const response = await upstream.post(body, attempt, request);
        if (stream && !wording.asksUsage) this.#asksUsage = false;
        if (wording.renamesLimit) this.#learn(target.model);
        return response;
      } catch (error) {
        const other = otherWording(error, wording, request);
        if (!other) throw suspected(error, request);
        wording = other;
      }
    }
  }

  #learn(model: string): void {
    if (this.#refusesMaxTokens.size < MAX_LEARNED) this.#refusesMaxTokens.add(model);
  }
}

/** Behind a pattern callers name the models. */
const MAX_LEARNED = 1000;

/** Each word is given up once, so this ends. */
function otherWording(error: unknown, said: Wording, request: ChatRequest): Wording | undefined {
  if (!(error instanceof GatewayError) || !MISTAKES.has(error.fault)) return undefined;
  const words = `${error.param ?? ''} ${error.message}`;
  // 400 or 422: "Unrecognized request argument supplied: stream_options", "Extra inputs are not permitted".
  if (said.asksUsage && /\bstream[_ ]options\b/i.test(words) && !wishesMore(request)) {
    return { ...said, asksUsage: false };
  }
  // OpenAI's words for it are Azure's, too.
  if (!said.renamesLimit && /'max_tokens'/.test(words) && /max_completion_tokens/.test(words)) {
    return { ...said, renamesLimit: true };
  }
  return undefined;
}

const MISTAKES = new Set(['invalid_request', 'unsupported_feature']);

/** Its caller's own options may be what is refused: that says nothing of the server. */
function wishesMore(request: ChatRequest): boolean {
  const wished = nativeBody(request)?.['stream_options'];
  if (wished == null) return false;
  return !isJsonObject(wished) || Object.keys(wished).some((name) => name !== 'include_usage');
}

/** Who names models or providers of its own may have named some that are not there. */
function suspected(error: unknown, request: ChatRequest): unknown {
  const body = nativeBody(request);
  const isChoosy = ['models', 'fallbacks', 'provider'].some((name) => body?.[name] != null);
  return isChoosy && error instanceof GatewayError ? error.suspected() : error;
}
