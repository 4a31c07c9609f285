import { Module } from '@nestjs/common';
import { AdmissionMetrics } from './admission/admission-metrics.js';
import { ConcurrencyLimiter } from './admission/concurrency-limiter.js';
import { DeadlineCheck } from './routing/deadline-check.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { GenerationService } from './generation.service.js';
import { RunningGenerations } from './running-generations.js';
import { TokenCounter } from './token-counter.js';
import { TargetHealth } from './health/target-health.js';

@Module({
  providers: [
    AdmissionMetrics,
    ConcurrencyLimiter,
    DeadlineCheck,
    { provide: EventLoopDelay, useFactory: () => new EventLoopDelay() },
    GenerationService,
    RunningGenerations,
    TargetHealth,
    TokenCounter,
  ],
  exports: [ConcurrencyLimiter, GenerationService, RunningGenerations, TargetHealth, TokenCounter],
})
export class GenerationModule {}
