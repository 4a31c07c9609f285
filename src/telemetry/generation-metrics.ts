import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Counter, Gauge, Histogram } from 'prom-client';
import { LiveConfig } from '../config/live-config.js';
import { isAsked, targetsOf } from '../config/targets-of.js';
import type { GatewayConfig } from '../config/schema/gateway-config.js';
import type { Target } from '../contract/chat-backend.js';
import type { Fault } from '../contract/faults.js';
import {
  type AttemptRecord,
  type BreakerState,
  type GenerationObserver,
  type GenerationRecord,
  RECOVERY_OUTCOMES,
  type RecoveryOutcome,
} from '../contract/generation.js';
import { type Wait, WAITED_FOR } from '../contract/waits.js';

/** What is counted once per generation or attempt. */
@Injectable()
export class GenerationMetrics implements Partial<GenerationObserver>, OnModuleInit {
  constructor(
    private readonly live: LiveConfig,
    @InjectMetric('llm_active_streams') private readonly active: Gauge,
    @InjectMetric('llm_streams_total') private readonly streams: Counter,
    @InjectMetric('llm_stream_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('llm_attempts_total') private readonly attempts: Counter,
    @InjectMetric('llm_fallbacks_total') private readonly fallbacks: Counter,
    @InjectMetric('llm_tokens_total') private readonly tokens: Counter,
    @InjectMetric('llm_cached_input_tokens_total') private readonly cachedInput: Counter,
    @InjectMetric('llm_reasoning_tokens_total') private readonly reasoning: Counter,
    @InjectMetric('llm_cost_usd_total') private readonly cost: Counter,
    @InjectMetric('llm_rejections_total') private readonly rejections: Counter,
    @InjectMetric('llm_recoveries_total') private readonly recoveries: Counter,
    @InjectMetric('llm_upstream_malformed_events_total') private readonly malformed: Counter,
    @InjectMetric('llm_breaker_open') private readonly breakerOpen: Gauge,
    @InjectMetric('llm_cancel_latency_seconds') private readonly cancelLatency: Histogram,
    @InjectMetric('llm_queue_wait_seconds') private readonly queueWait: Histogram,
    @InjectMetric('llm_stream_wait_seconds_total') private readonly waits: Counter,
    @InjectMetric('llm_stream_stalls_total') private readonly stalls: Counter,
    @InjectMetric('llm_attempts_in_flight') private readonly inFlight: Gauge,
  ) {}

  /** What has not happened yet is there as 0: an alert on a series that does not exist never fires. */
  onModuleInit(): void {
    for (const target of askedTargets(this.live.current)) this.breakerChanged(target, 'closed');
    this.#announce(this.live.current);
    for (const on of WAITED_FOR) this.stalls.inc({ on }, 0);
    this.live.observe({
      replaced: (next, previous) => {
        this.#announce(next);
        this.#forgetTargets(next, previous);
      },
    });
  }

  #announce(config: GatewayConfig): void {
    const { backends, models } = config;
    for (const { id } of backends) this.malformed.inc({ backend: id }, 0);
    for (const { backend, model } of askedTargets(config)) {
      this.breakerOpen.inc({ backend, target_model: model }, 0);
      this.inFlight.inc({ backend, target_model: model }, 0);
    }
    for (const { id, recovery } of models) {
      if (recovery === 'never') continue;
      for (const outcome of RECOVERY_OUTCOMES) this.recoveries.inc({ model: id, outcome }, 0);
    }
  }

  /** A target that is gone, or switched off, while it was left alone would be left alone for ever. */
  #forgetTargets(next: GatewayConfig, previous: GatewayConfig): void {
    for (const { backend, model } of askedTargets(previous)) {
      if (!isAsked(targetsOf(next), `${backend}/${model}`)) this.breakerOpen.remove(backend, model);
    }
  }

  generationStarted({ caller }: GenerationRecord): void {
    this.active.inc({ caller: caller.label });
  }

  attemptBegan(_: GenerationRecord, { backend, model }: Target): void {
    this.inFlight.inc({ backend, target_model: model });
  }

  stalled(_: GenerationRecord, { on }: Wait): void {
    this.stalls.inc({ on });
  }

  attemptEnded({ model, attempts }: GenerationRecord, attempt: AttemptRecord): void {
    const { backend, outcome, cancelMs } = attempt;
    this.attempts.inc({ model, backend, outcome });
    this.inFlight.dec({ backend, target_model: attempt.model });
    if (cancelMs !== undefined) this.cancelLatency.observe(cancelMs / 1000);
    const previous = attempts.at(-2);
    if (previous && previous.outcome !== 'ok' && !isSameTarget(previous, attempt)) {
      this.fallbacks.inc({ model, from: previous.backend, to: backend, reason: previous.outcome });
    }
  }

  malformedEvent(backend: string): void {
    this.malformed.inc({ backend });
  }

  recoveryEnded({ model }: GenerationRecord, outcome: RecoveryOutcome): void {
    this.recoveries.inc({ model, outcome });
  }

  breakerChanged({ backend, model }: Target, state: BreakerState): void {
    this.breakerOpen.set({ backend, target_model: model }, state === 'closed' ? 0 : 1);
  }

  generationEnded(record: GenerationRecord): void {
    const { model, dialect, endReason = 'internal_error' } = record;
    const caller = record.caller.label;
    if (record.queuedMs !== undefined) this.queueWait.observe({ model }, record.queuedMs / 1000);
    const backend = record.target?.backend ?? 'none';
    this.active.dec({ caller });
    this.streams.inc({ caller, model, backend, dialect, end_reason: endReason });
    this.duration.observe({ model, end_reason: endReason }, record.durationMs / 1000);
    this.#countUsage(record, { caller, model, backend });
    this.#countWaits(record);
  }

  /** A request that no generation was made for. */
  rejected(fault: Fault): void {
    this.rejections.inc({ fault });
  }

  #countWaits({ model, waits }: GenerationRecord): void {
    for (const [backend, waited] of waits.msByBackend) {
      for (const on of WAITED_FOR) {
        if (waited[on] > 0) this.waits.inc({ model, backend, on }, waited[on] / 1000);
      }
    }
  }

  #countUsage(
    { bill }: GenerationRecord,
    labels: { caller: string; model: string; backend: string },
  ): void {
    if (!bill) return;
    const { input, output, cachedInput, reasoning, costsUsd } = bill;
    for (const [type, count] of Object.entries({ input, output })) {
      if (count) this.tokens.inc({ ...labels, type, source: count.source }, count.tokens);
    }
    if (cachedInput !== undefined) this.cachedInput.inc(labels, cachedInput);
    if (reasoning !== undefined) this.reasoning.inc(labels, reasoning);
    for (const [backend, usd] of costsUsd) this.cost.inc({ ...labels, backend }, usd);
  }
}

function isSameTarget(one: AttemptRecord, other: AttemptRecord): boolean {
  return one.backend === other.backend && one.model === other.model;
}

function askedTargets(config: GatewayConfig): readonly Target[] {
  return [...targetsOf(config).values()].filter(({ isDisabled }) => !isDisabled);
}
