import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Histogram } from 'prom-client';
import { map, type Observable, tap } from 'rxjs';
import { type ChatAnswer, isBatch } from '../contract/chat-answer.js';
import type { GenerationRecord } from '../contract/generation.js';
import { harmless } from './observed-by.js';
import type { EventBatch } from '../contract/event-batch.js';

/** What a handler returns: a generation, and its stream batch by batch or its one whole answer. */
export interface Measurable {
  readonly generation: { readonly record: Pick<GenerationRecord, 'model'> };
  readonly emitted: Observable<EventBatch | ChatAnswer>;
}

type StreamHistograms = Readonly<
  Record<'gap' | 'firstToken' | 'speed', ReturnType<Histogram['labels']>>
>;

/**
 * Measures every piece of content on its way to the caller, in any dialect. It stands inside of
 * the dialect's interceptor: what passes here is handed to the response in the same moment. What it
 * measures is inside of the one value that the handler returns: so no batch has to pass the
 * operators that Nest puts between interceptors.
 */
@Injectable()
export class TokenMetricsInterceptor implements NestInterceptor<Measurable, Measurable> {
  /** As many as the configuration has pairs of them. */
  readonly #histograms = new Map<string, StreamHistograms>();

  constructor(
    @InjectMetric('llm_token_latency_seconds') private readonly gap: Histogram,
    @InjectMetric('llm_time_to_first_token_seconds') private readonly firstToken: Histogram,
    @InjectMetric('llm_stream_tokens_per_second') private readonly speed: Histogram,
  ) {}

  intercept(_: ExecutionContext, next: CallHandler<Measurable>): Observable<Measurable> {
    return next.handle().pipe(map((started) => this.#measured(started)));
  }

  /** The histograms of a stream: their labels are resolved once for each model and backend. */
  of(model: string, backend: string): StreamHistograms {
    const key = `${model}\n${backend}`;
    const known = this.#histograms.get(key);
    if (known) return known;
    const labels = { model, backend };
    const histograms = {
      gap: this.gap.labels(labels),
      firstToken: this.firstToken.labels(labels),
      speed: this.speed.labels(labels),
    };
    this.#histograms.set(key, histograms);
    return histograms;
  }

  #measured(started: Measurable): Measurable {
    const pace = new StreamPace(started.generation.record.model, this);
    const emitted = started.emitted.pipe(
      tap({
        next: (value) => {
          if (isBatch(value)) harmless(() => pace.passed(value));
        },
        finalize: () => harmless(() => pace.over()),
      }),
    );
    return { ...started, emitted };
  }
}

/** The times of one stream. */
class StreamPace {
  readonly #startedAt = performance.now();
  #firstAt: number | undefined;
  #lastAt = 0;
  #parts = 0;
  #reportedTokens: number | undefined;
  #metrics: StreamHistograms | undefined;

  constructor(
    private readonly model: string,
    private readonly interceptor: TokenMetricsInterceptor,
  ) {}

  passed(batch: EventBatch): void {
    if (batch.start) this.#metrics = this.interceptor.of(this.model, batch.start.backend);
    if (batch.end) this.#reportedTokens = batch.end.usage?.output;
    if (batch.contentParts === 0) return;
    // All of it is handed to the response in this moment.
    const now = performance.now();
    for (let part = 0; part < batch.contentParts; part += 1) this.#contentPassed(now);
  }

  over(): void {
    if (this.#firstAt === undefined || this.#lastAt <= this.#firstAt) return;
    // The first token's time is not this stream's pace: it is what the model thought before.
    const tokens = (this.#reportedTokens ?? this.#parts) - 1;
    if (tokens < 1) return;
    this.#metrics?.speed.observe(tokens / ((this.#lastAt - this.#firstAt) / 1000));
  }

  #contentPassed(now: number): void {
    this.#parts += 1;
    if (this.#firstAt === undefined) {
      this.#firstAt = now;
      this.#metrics?.firstToken.observe((now - this.#startedAt) / 1000);
    } else {
      this.#metrics?.gap.observe((now - this.#lastAt) / 1000);
    }
    this.#lastAt = now;
  }
}
