import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import type { EventBatch } from '../../contract/event-batch.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { isForResponses } from './responses/responses-request.js';

/**
 * A server with both of OpenAI's APIs: callers of `responses` are answered from there, all others, and
 * what goes on with an answer that is begun, from Chat Completions.
 */
export class TwoApiBackend implements ChatBackend {
  readonly id: string;

  constructor(
    private readonly chat: ChatBackend,
    private readonly responses: ChatBackend,
  ) {
    this.id = chat.id;
  }

  fit(request: ChatRequest, target: Target): Fit {
    return this.#for(request).fit(request, target);
  }

  async open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>> {
    const backend = this.#for(request);
    if (request.prefill !== undefined) refuseUnsaid(backend.fit(request, target));
    return backend.open(request, target, attempt);
  }

  async complete(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<ChatAnswer> {
    return this.#for(request).complete(request, target, attempt);
  }

  async close(): Promise<void> {
    await Promise.all([this.chat.close(), this.responses.close()]);
  }

  #for(request: ChatRequest): ChatBackend {
    return isForResponses(request) ? this.responses : this.chat;
  }
}

/** It was found to fit as a new answer; to go on with it may take what only `responses` can do. */
function refuseUnsaid({ unsupported }: Fit): void {
  if (!unsupported) return;
  const { param, message } = unsupported;
  throw new GatewayError('unsupported_feature', message, { param });
}
