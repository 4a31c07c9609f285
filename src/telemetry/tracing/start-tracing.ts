import { setTimeout as pause } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../../config/schema/tracing-config.js';
import { SLUICE_VERSION } from '../version.js';
import { ToldExporter } from './told-exporter.js';
import { Tracing } from './tracing.js';

/** How many spans wait for a receiver that is slow or away: each takes about 2 KB. */
const MAX_WAITING_SPANS = 2048;

/** How long spans are collected before they are sent. */
const COLLECT_MS = 1000;

/** How long the last ones may take, behind the last stream; Kubernetes waits for it. */
const FLUSH_MS = 2000;

/** Longer ones are cut: a caller's path, or an upstream's name for its model, may be of any length. */
const MAX_VALUE_CHARS = 256;

/** A stream may stall more often than anybody wants to read. */
const MAX_EVENTS = 64;

/** Nothing of it is global: who else would use OpenTelemetry in this process is not touched. */
export function startTracing({ url, headers, resource, ...sampling }: TracingConfig): Tracing {
  const own = { 'service.name': 'sluice', 'service.version': SLUICE_VERSION, ...resource };
  const processor = new BatchSpanProcessor({
    exporter: new ToldExporter(new OTLPTraceExporter({ url, headers })),
    maxQueueSize: MAX_WAITING_SPANS,
    scheduledDelayMillis: COLLECT_MS,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(own)),
    sampler: samplerOf(sampling),
    spanLimits: { attributeValueLengthLimit: MAX_VALUE_CHARS, eventCountLimit: MAX_EVENTS },
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('sluice', SLUICE_VERSION);
  return new Tracing(tracer, () => shutDown(provider));
}

function samplerOf({ sampler, samplerRatio }: Pick<TracingConfig, 'sampler' | 'samplerRatio'>) {
  const root = rootSamplerOf(sampler.replace('parentbased_', ''), samplerRatio);
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

function rootSamplerOf(name: string, ratio: number): Sampler {
  if (name === 'always_off') return new AlwaysOffSampler();
  return name === 'traceidratio' ? new TraceIdRatioBasedSampler(ratio) : new AlwaysOnSampler();
}

async function shutDown(provider: TracerProvider): Promise<void> {
  const late = pause(FLUSH_MS, 'late', { ref: false });
  // What cannot be sent was told already.
  const sent = provider.shutdown().catch(() => undefined);
  if ((await Promise.race([sent, late])) === 'late') {
    new Logger('Tracing').warn('the last traces are not known to be sent');
  }
}
