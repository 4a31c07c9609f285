import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { from, fromEvent, type Observable, takeUntil } from 'rxjs';
import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { EventBatch } from '../../contract/event-batch.js';
import { type Generation, GenerationService } from '../../generation/generation.service.js';
import { callerContextOf } from '../caller-context-of.js';
import type { ParsedRequest } from '../dialects/dialect.js';
import { setGenerationHeaders } from '../generation-headers.js';
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

/** Begins the generation that a request asks for, in any dialect. */
@Injectable()
export class GenerationStarter {
  constructor(private readonly generations: GenerationService) {}

  /** @throws GatewayError for what no upstream needs to be asked */
  start<Options>(parsed: ParsedRequest<Options>, response: Response): StartedGeneration<Options> {
    const { req: request, locals } = response;
    const { model, stream, options } = parsed;
    const chat = { ...parsed.chat, callerHeader: (name: string) => request.header(name) };
    const { signal } = locals.context;
    const caller = callerContextOf(request, response);
    const generation = stream
      ? this.generations.stream(model, chat, caller, signal)
      : this.generations.complete(model, chat, caller, signal);
    const { record, route } = generation;
    locals.context.record = record;
    leaveSlowCaller(response, route.streams.slowClientMs);
    setGenerationHeaders(response, route);
    const emitted: Observable<EventBatch | ChatAnswer> =
      'batches' in generation ? fromPull(generation, response) : from(generation.answer);
    return { generation, options, emitted: emitted.pipe(takeUntil(fromEvent(signal, 'abort'))) };
  }
}
