import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { Histogram } from 'prom-client';
import { type Observable, tap } from 'rxjs';
import { type ChatAnswer, isBatch } from '../contract/chat-answer.js';
import { harmless } from './observed-by.js';
import type { EventBatch } from '../contract/event-batch.js';

/** What a handler emits: a stream batch by batch, or one whole answer. */
type Emitted = EventBatch | ChatAnswer;

/**
 * Measures every chunk of content on its way to the caller, in any dialect. It stands inside of
 * the dialect's interceptor: what passes here is handed to the response in the same moment.
 */
@Injectable()
export class TokenMetricsInterceptor implements NestInterceptor<Emitted, Emitted> {
  constructor(
    @InjectMetric('llm_token_latency_seconds') private readonly gap: Histogram,
    @InjectMetric('llm_time_to_first_token_seconds') private readonly firstToken: Histogram,
    @InjectMetric('llm_stream_tokens_per_second') private readonly speed: Histogram,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<Emitted>): Observable<Emitted> {
    const { locals } = context.switchToHttp().getResponse<Response>();
    const pace = new StreamPace(() => locals.generation?.record.model ?? 'none', this);
    return next.handle().pipe(
      tap({
        next: (emitted) => {
          if (isBatch(emitted)) harmless(() => pace.passed(emitted));
        },
        finalize: () => harmless(() => pace.over()),
      }),
    );
  }

  /** The histograms of one stream, their labels resolved once. */
  of(model: string, backend: string) {
    const labels = { model, backend };
    return {
      gap: this.gap.labels(labels),
      firstToken: this.firstToken.labels(labels),
      speed: this.speed.labels(labels),
    };
  }
}

/** The times of one stream. */
class StreamPace {
  readonly #startedAt = performance.now();
  #firstAt: number | undefined;
  #lastAt = 0;
  #chunks = 0;
  #reportedTokens: number | undefined;
  #metrics: ReturnType<TokenMetricsInterceptor['of']> | undefined;

  constructor(
    private readonly model: () => string,
    private readonly interceptor: TokenMetricsInterceptor,
  ) {}

  passed(batch: EventBatch): void {
    if (batch.start) this.#metrics = this.interceptor.of(this.model(), batch.start.backend);
    if (batch.end) this.#reportedTokens = batch.end.usage?.output;
    if (batch.contentParts === 0) return;
    // All of it is handed to the response in this moment.
    const now = performance.now();
    for (let part = 0; part < batch.contentParts; part += 1) this.#contentPassed(now);
  }

  over(): void {
    if (this.#firstAt === undefined || this.#lastAt <= this.#firstAt) return;
    // The first token's time is not this stream's pace: it is what the model thought before.
    const tokens = (this.#reportedTokens ?? this.#chunks) - 1;
    if (tokens < 1) return;
    this.#metrics?.speed.observe(tokens / ((this.#lastAt - this.#firstAt) / 1000));
  }

  #contentPassed(now: number): void {
    this.#chunks += 1;
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#metrics?.firstToken.observe((now - this.#startedAt) / 1000);
    } else {
      this.#metrics?.gap.observe((now - this.#lastAt) / 1000);
    }
    this.#lastAt = now;
  }
}
