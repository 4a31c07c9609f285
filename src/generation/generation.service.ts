import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ChatAnswer } from '../contract/chat-answer.js';
import { ChatBackends } from '../contract/chat-backend.js';
import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import { GenerationObserver, type GenerationRecord } from '../contract/generation.js';
import type { EventBatch } from '../contract/event-batch.js';
import { ConcurrencyLimiter } from './admission/concurrency-limiter.js';
import type { Permit } from './admission/permit.js';
import type { CallerContext } from './caller-context.js';
import { type Candidate, candidatesFor } from './routing/candidates.js';
import { Attempts } from './attempt/attempts.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { GenerationContext } from './generation-context.js';
import { streamAnswer, wholeAnswer } from './run-generation.js';
import { boundRequest } from './bound-request.js';
import { eligible } from './routing/eligible.js';
import { GenerationRecorder } from './generation-recorder.js';
import type { GenerationLifetime } from './generation-lifetime.js';
import type { ModelRoute } from './routing/route-table.js';
import { RunningGenerations } from './running-generations.js';
import { TargetHealth } from './health/target-health.js';
import type { WaitClock } from './wait-clock.js';

/** A generation under way. Its record fills in as things become known. */
export interface Generation {
  readonly record: GenerationRecord;
  readonly route: ModelRoute;
  /**
   * Says that its answer could not be written for the caller. Resolves when nothing of
   * it runs any more, which its reader's leaving brings about.
   */
  fail(error: unknown): Promise<void>;
}

export interface StreamedGeneration extends Generation {
  /** Single-use. Throws the `GatewayError` that ended the stream; the caller's abort ends it at once. */
  readonly batches: AsyncIterable<EventBatch>;
  /** Aborted when time is up or the caller left: no wait of a reader may last longer. */
  readonly over: AbortSignal;
  /** Its reader says here when it waits for the caller. */
  readonly waits: Pick<WaitClock, 'during'>;
}

export interface PlainGeneration extends Generation {
  readonly answer: Promise<ChatAnswer>;
}

/** Gets a request answered by whichever target of its model can. */
@Injectable()
export class GenerationService {
  constructor(
    private readonly limiter: ConcurrencyLimiter,
    private readonly health: TargetHealth,
    private readonly running: RunningGenerations,
    private readonly eventLoop: EventLoopDelay,
    @Inject(ChatBackends) private readonly backends: ChatBackends,
    @Inject(GenerationObserver) private readonly observer: GenerationObserver,
  ) {}

  /**
   * Starts a streamed generation.
   * @param route of the model that the caller asks for
   * @param signal the caller's; its abort reason becomes the end reason
   * @throws GatewayError at once for what no upstream needs to be asked: `invalid_request`, `draining`, `overloaded`
   */
  stream(
    route: ModelRoute,
    request: ChatRequest,
    call: CallerContext,
    signal: AbortSignal,
  ): StreamedGeneration {
    const limited = boundRequest(request, call.caller);
    const context = this.#begin(route, limited, call, signal, true);
    const batches = streamAnswer(context, limited);
    const { lifetime, recorder } = context;
    return { ...generationOf(context), batches, over: lifetime.signal, waits: recorder.waits };
  }

  /** The same for a caller that wants the whole answer at once. */
  complete(
    route: ModelRoute,
    request: ChatRequest,
    call: CallerContext,
    signal: AbortSignal,
  ): PlainGeneration {
    const limited = boundRequest(request, call.caller);
    const context = this.#begin(route, limited, call, signal, false);
    return { ...generationOf(context), answer: wholeAnswer(context, limited) };
  }

  #begin(
    route: ModelRoute,
    request: ChatRequest,
    call: CallerContext,
    signal: AbortSignal,
    streaming: boolean,
  ): GenerationContext {
    const candidates = candidatesFor(route, request, call, this.backends.of(call.config));
    const { totalMs } = route.streams;
    const id = randomUUID();
    const which = { id, caller: call.caller.id };
    const maxMs = Math.min(totalMs, call.timeoutMs ?? totalMs);
    const lifetime = this.running.begin(which, signal, maxMs);
    const permit = this.#acquire(call, candidates, lifetime);
    const { health, observer, eventLoop } = this;
    const recorder = new GenerationRecorder(id, route, streaming, call, observer, eventLoop);
    const attempts = new Attempts(health, recorder, lifetime, call.flow);
    return new GenerationContext(route, candidates, health, lifetime, recorder, attempts, permit);
  }

  #acquire(
    { flow, caller: { priority } }: CallerContext,
    candidates: readonly Candidate[],
    lifetime: GenerationLifetime,
  ): Promise<Permit> {
    try {
      const backends = () => eligible(candidates, this.health).map(({ backend }) => backend.id);
      return this.limiter.acquire({ flow, priority }, backends, lifetime.signal);
    } catch (error) {
      lifetime[Symbol.dispose]();
      throw error;
    }
  }
}

/** What its reader is to know of it. */
function generationOf({ recorder, route, lifetime }: GenerationContext): Generation {
  const fail = (error: unknown) => {
    const failure = GatewayError.from(error);
    recorder.recordUnwritten(failure);
    lifetime.abort(failure);
    return lifetime.disposed;
  };
  return { record: recorder, route, fail };
}
