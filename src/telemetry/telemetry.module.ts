import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { InjectMetric, PrometheusModule } from '@willsoto/nestjs-prometheus';
import { Gauge, register } from 'prom-client';
import { ConfigMetrics } from './config-metrics.js';
import { FlightRecorder } from './flight-recorder.js';
import { GenerationLog } from './log/generation-log.js';
import { GenerationMetrics } from './generation-metrics.js';
import { METRIC_PROVIDERS } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { flushLines } from './log/standard-streams.js';
import { TargetActivity } from './target-activity.js';
import { SLUICE_VERSION } from './version.js';

/**
 * Gauges of prom-client's whose names say that they are counters, which promtool warns of. Each has the
 * sum of a metric that stays: `sum(nodejs_active_handles)`.
 */
const MISNAMED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Global, because whoever measures asks for its metrics. */
@Global()
@Module({
  imports: [PrometheusModule.register({ controller: MetricsController })],
  providers: [
    ...METRIC_PROVIDERS,
    ConfigMetrics,
    FlightRecorder,
    GenerationLog,
    GenerationMetrics,
    TargetActivity,
  ],
  exports: [...METRIC_PROVIDERS, FlightRecorder, GenerationLog, GenerationMetrics, TargetActivity],
})
export class TelemetryModule implements OnModuleInit, OnApplicationShutdown {
  constructor(@InjectMetric('sluice_build_info') private readonly buildInfo: Gauge) {}

  onModuleInit(): void {
    for (const name of MISNAMED_DEFAULTS) register.removeSingleMetric(name);
    this.buildInfo.set({ version: SLUICE_VERSION, node: process.version }, 1);
  }

  async onApplicationShutdown(): Promise<void> {
    await flushLines();
  }
}
