import { Global, Module } from '@nestjs/common';
import { GenerationObserver } from './contract/generation.js';
import { LedgerModule } from './ledger/ledger.module.js';
import { UsageWriter } from './ledger/usage-writer.js';
import { FlightRecorder } from './telemetry/flight-recorder.js';
import { GenerationLog } from './telemetry/log/generation-log.js';
import { GenerationMetrics } from './telemetry/generation-metrics.js';
import { TargetActivity } from './telemetry/target-activity.js';
import { observedBy } from './telemetry/observed-by.js';
import { TracingModule, TracingToken } from './telemetry/tracing/tracing.module.js';

/** Who is told of generations. Global, because generation asks for a `GenerationObserver` and must not know who observes. */
@Global()
@Module({
  imports: [LedgerModule, TracingModule],
  providers: [
    {
      provide: GenerationObserver,
      inject: [
        GenerationMetrics,
        GenerationLog,
        FlightRecorder,
        TargetActivity,
        UsageWriter,
        TracingToken,
      ],
      useFactory: (...observers: (Partial<GenerationObserver> | undefined)[]) =>
        observedBy(observers.filter((each) => each !== undefined)),
    },
  ],
  exports: [GenerationObserver],
})
export class ObserversModule {}
