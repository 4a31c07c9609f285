import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { LiveConfig } from '../../config/live-config.js';
import { ConcurrencyLimiter } from './concurrency-limiter.js';

/** How full this process is, and what it may take. */
@Injectable()
export class AdmissionMetrics implements OnModuleInit {
  constructor(
    private readonly limiter: ConcurrencyLimiter,
    private readonly live: LiveConfig,
    @InjectMetric('llm_slots_in_use') private readonly slotsInUse: Gauge,
    @InjectMetric('llm_slots_limit') private readonly slotsLimit: Gauge,
    @InjectMetric('llm_queue_length') private readonly queueLength: Gauge,
    @InjectMetric('llm_queue_limit') private readonly queueLimit: Gauge,
  ) {}

  onModuleInit(): void {
    this.limiter.observe(() => this.#counted());
    this.live.observe({ replaced: () => this.#configured() });
    this.#counted();
    this.#configured();
  }

  #counted(): void {
    this.slotsInUse.set(this.limiter.running);
    this.queueLength.set(this.limiter.waiting);
  }

  #configured(): void {
    const { streams, queue } = this.live.current.limits;
    this.slotsLimit.set(streams);
    this.queueLimit.set(queue.size);
  }
}
