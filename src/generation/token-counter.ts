import { Inject, Injectable } from '@nestjs/common';
import { type AttemptContext, ChatBackends } from '../contract/chat-backend.js';
import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { CallerContext } from './caller-context.js';
import { candidatesFor } from './routing/candidates.js';
import type { ModelRoute } from './routing/route-table.js';

/** A count is read at once, or it is of no use: clients count before each request. */
const MAX_MS = 10_000;

const NOT_NOTICED = {
  malformedEvent: () => undefined,
  unknownFinishReason: () => undefined,
  implausibleUsage: () => undefined,
};

/** Has the tokens of a prompt counted by an upstream that can. No generation: it takes no room, and costs nothing. */
@Injectable()
export class TokenCounter {
  constructor(@Inject(ChatBackends) private readonly backends: ChatBackends) {}

  /**
   * By the first target that can count; by the next where that one fails.
   * @returns nothing where none can
   * @throws GatewayError what the last one failed by
   */
  async count(
    route: ModelRoute,
    request: ChatRequest,
    call: CallerContext,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const candidates = candidatesFor(route, request, call, this.backends.of(call.config));
    const over = AbortSignal.any([signal, AbortSignal.timeout(MAX_MS)]);
    const context: AttemptContext = {
      signal: over,
      notices: NOT_NOTICED,
      trace: call.trace,
      requestSent() {},
    };
    let failure: GatewayError | undefined;
    for (const { backend, target } of candidates) {
      try {
        const counting = backend.countTokens?.(request, target, context);
        if (counting) return await counting;
      } catch (error) {
        signal.throwIfAborted();
        failure = over.aborted ? new GatewayError('total_timeout') : GatewayError.from(error);
        if (!failure.mayFallBack || over.aborted) break;
      }
    }
    if (failure) throw failure;
    return undefined;
  }
}
