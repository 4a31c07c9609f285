import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend, Fit, Target } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import type { EventBatch } from '../../contract/event-batch.js';

/** One upstream that speaks both of OpenAI's protocols: callers of Responses are answered in theirs. */
export class TwoProtocols implements ChatBackend {
  readonly id: string;

  constructor(
    private readonly chatCompletions: ChatBackend,
    private readonly responses: ChatBackend,
  ) {
    this.id = chatCompletions.id;
  }

  fit(request: ChatRequest, target: Target): Fit {
    return this.#for(request).fit(request, target);
  }

  open(
    request: ChatRequest,
    target: Target,
    attempt: AttemptContext,
  ): Promise<AsyncIterable<EventBatch>> {
    return this.#for(request).open(request, target, attempt);
  }

  complete(request: ChatRequest, target: Target, attempt: AttemptContext): Promise<ChatAnswer> {
    return this.#for(request).complete(request, target, attempt);
  }

  async close(): Promise<void> {
    await Promise.all([this.chatCompletions.close(), this.responses.close()]);
  }

  /** An answer that is taken up begins with what was said of it, which Responses has no place for. */
  #for({ native, prefill }: ChatRequest): ChatBackend {
    const isOwn = native?.dialect === 'responses' && prefill === undefined;
    return isOwn ? this.responses : this.chatCompletions;
  }
}
