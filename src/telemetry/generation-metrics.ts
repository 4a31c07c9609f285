import { Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Fault } from '../contract/gateway-error.js';
import type {
  AttemptRecord,
  GenerationObserver,
  GenerationRecord,
} from '../contract/generation.js';

/** What is counted once per generation or attempt. */
@Injectable()
export class GenerationMetrics implements GenerationObserver {
  constructor(
    @InjectMetric('llm_active_streams') private readonly active: Gauge,
    @InjectMetric('llm_streams_total') private readonly streams: Counter,
    @InjectMetric('llm_stream_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('llm_attempts_total') private readonly attempts: Counter,
    @InjectMetric('llm_fallbacks_total') private readonly fallbacks: Counter,
    @InjectMetric('llm_tokens_total') private readonly tokens: Counter,
    @InjectMetric('llm_rejections_total') private readonly rejections: Counter,
  ) {}

  generationStarted({ caller }: GenerationRecord): void {
    this.active.inc({ caller });
  }

  attemptEnded({ model, attempts }: GenerationRecord, { backend, outcome }: AttemptRecord): void {
    this.attempts.inc({ model, backend, outcome });
    const previous = attempts.at(-2);
    if (previous && previous.outcome !== 'ok') {
      this.fallbacks.inc({ model, from: previous.backend, to: backend, reason: previous.outcome });
    }
  }

  generationEnded(record: GenerationRecord): void {
    const { caller, model, endReason = 'internal_error' } = record;
    const backend = record.target?.backend ?? 'none';
    this.active.dec({ caller });
    this.streams.inc({ caller, model, backend, end_reason: endReason });
    this.duration.observe({ model, end_reason: endReason }, record.durationMs / 1000);
    this.#countTokens(record, { caller, model, backend });
  }

  /** A request that no generation was made for. */
  rejected(fault: Fault): void {
    this.rejections.inc({ fault });
  }

  #countTokens(
    { usage, contentChunks }: GenerationRecord,
    labels: { caller: string; model: string; backend: string },
  ): void {
    if (usage?.input !== undefined) {
      this.tokens.inc({ ...labels, type: 'input', source: 'reported' }, usage.input);
    }
    if (usage?.output !== undefined) {
      this.tokens.inc({ ...labels, type: 'output', source: 'reported' }, usage.output);
    } else if (contentChunks > 0) {
      // A stream that was left or cut was paid for as well; a chunk is a token for most upstreams.
      this.tokens.inc({ ...labels, type: 'output', source: 'counted' }, contentChunks);
    }
  }
}
