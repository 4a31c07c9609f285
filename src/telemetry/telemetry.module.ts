import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectMetric, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { GenerationObserver } from '../contract/generation.js';
import { ConfigMetrics } from './config-metrics.js';
import { GenerationLog } from './generation-log.js';
import { GenerationMetrics } from './generation-metrics.js';
import { METRIC_PROVIDERS } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { observedBy } from './observed-by.js';
import { flushLines } from './standard-streams.js';
import { SLUICE_VERSION } from './version.js';

/** Global, because generation asks for a `GenerationObserver` and must not know who observes. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [
    ...METRIC_PROVIDERS,
    ConfigMetrics,
    GenerationLog,
    GenerationMetrics,
    {
      provide: GenerationObserver,
      inject: [GenerationMetrics, GenerationLog],
      useFactory: (...observers: GenerationObserver[]) => observedBy(observers),
    },
  ],
  exports: [...METRIC_PROVIDERS, GenerationMetrics, GenerationObserver],
})
export class TelemetryModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@InjectMetric('sluice_build_info') private readonly buildInfo: Gauge) {}

  onModuleInit(): void {
    this.buildInfo.set({ version: SLUICE_VERSION, node: process.version }, 1);
  }

  async onApplicationShutdown(): Promise<void> {
    await flushLines();
  }
}
