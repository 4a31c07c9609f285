import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectMetric, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { ConfigMetrics } from './config-metrics.js';
import { FlightRecorder } from './flight-recorder.js';
import { GenerationLog } from './generation-log.js';
import { GenerationMetrics } from './generation-metrics.js';
import { METRIC_PROVIDERS } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { flushLines } from './standard-streams.js';
import { SLUICE_VERSION } from './version.js';

/** Global, because whoever measures asks for its metrics. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [...METRIC_PROVIDERS, ConfigMetrics, FlightRecorder, GenerationLog, GenerationMetrics],
  exports: [...METRIC_PROVIDERS, FlightRecorder, GenerationLog, GenerationMetrics],
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
