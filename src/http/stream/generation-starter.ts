import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { from, fromEvent, type Observable, takeUntil } from 'rxjs';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { GenerationRecord } from '../../contract/generation.js';
import type { CallerContext } from '../../generation/caller-context.js';
import { type Generation, GenerationService } from '../../generation/generation.service.js';
import { routeFor } from '../../generation/routing/route-for.js';
import type { ModelRoute } from '../../generation/routing/route-table.js';
import { UsageLimiter, type Verdict } from '../../limits/usage-limiter.js';
import { callerContextOf } from '../caller-context-of.js';
import type { ParsedRequest } from '../dialects/dialect.js';
import { setGenerationHeaders } from '../generation-headers.js';
import { setRateLimitHeaders } from '../rate-limit-headers.js';
import { fromPull } from './from-pull.js';
import { leaveSlowCaller } from './slow-caller.js';

/** What a handler returns: a generation that has begun, and all that comes of it. */
export interface StartedGeneration<Options> {
  readonly generation: Generation;
  readonly options: Options;
  /**
   * A stream batch by batch, or one whole answer; it completes early when the caller has left.
   * Single-use, and nothing is read before it is subscribed to.
   */
  readonly emitted: Observable<EventBatch | ChatAnswer>;
}

/** A promise only where there are limits to count it against. */
export type Starting<Options> = StartedGeneration<Options> | Promise<StartedGeneration<Options>>;

/** Begins the generation that a request asks for, in any dialect. */
@Injectable()
export class GenerationStarter {
  constructor(
    private readonly generations: GenerationService,
    private readonly limiter: UsageLimiter,
  ) {}

  /** @throws GatewayError, or rejects with one, for what no upstream needs to be asked */
  start<Options>(parsed: ParsedRequest<Options>, response: Response): Starting<Options> {
    const call = callerContextOf(response.req, response, parsed.dialect);
    const route = routeFor(parsed.model, call.caller, call.config);
    const bytes = response.locals.context.bodyBytes ?? response.req.url.length;
    const reserving = this.limiter.reserve({ call, route, chat: parsed.chat, bytes });
    return reserving
      ? this.#startReserved(parsed, response, call, route, reserving)
      : this.#begin(parsed, response, call, route);
  }

  async #startReserved<Options>(
    parsed: ParsedRequest<Options>,
    response: Response,
    call: CallerContext,
    route: ModelRoute,
    reserving: Promise<Verdict>,
  ): Promise<StartedGeneration<Options>> {
    const { reservation, refusal, standings } = await reserving;
    try {
      // It may have left, or been told of a failure of ours, while the limits were asked.
      response.locals.context.signal.throwIfAborted();
      if (!response.headersSent) setRateLimitHeaders(response, standings);
      if (refusal) throw refusal;
      const onEnd = (record: GenerationRecord) => reservation.settle(record);
      return this.#begin(parsed, response, { ...call, onEnd }, route);
    } catch (error) {
      reservation.release();
      throw error;
    }
  }

  #begin<Options>(
    parsed: ParsedRequest<Options>,
    response: Response,
    call: CallerContext,
    route: ModelRoute,
  ): StartedGeneration<Options> {
    const { req: request, locals } = response;
    const { stream, options } = parsed;
    const chat = { ...parsed.chat, callerHeader: (name: string) => request.header(name) };
    const { signal } = locals.context;
    const generation = stream
      ? this.generations.stream(route, chat, call, signal)
      : this.generations.complete(route, chat, call, signal);
    const { record } = generation;
    locals.context.record = record;
    leaveSlowCaller(response, route.streams.slowClientMs);
    setGenerationHeaders(response, route);
    const emitted: Observable<EventBatch | ChatAnswer> =
      'batches' in generation ? fromPull(generation, response) : from(generation.answer);
    return { generation, options, emitted: emitted.pipe(takeUntil(fromEvent(signal, 'abort'))) };
  }
}
