import { Logger } from '@nestjs/common';
import type { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpanExporter } from '@opentelemetry/sdk-trace';

type Export = Parameters<SpanExporter['export']>;

/** Says once that spans cannot be sent, and once that they can again: every batch would say it anew. */
export class ToldExporter implements SpanExporter {
  readonly #logger = new Logger('Tracing');
  #isFailing = false;

  constructor(private readonly exporter: OTLPTraceExporter) {}

  export(spans: Export[0], done: Export[1]): void {
    this.exporter.export(spans, (result) => {
      this.#tell(result.error);
      done(result);
    });
  }

  forceFlush(): Promise<void> {
    return this.exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  #tell(error: Error | undefined): void {
    if (error && !this.#isFailing) {
      this.#logger.warn('traces cannot be sent', { code: codeOf(error) });
    } else if (!error && this.#isFailing) this.#logger.log('traces are sent again');
    this.#isFailing = error !== undefined;
  }
}

/** ECONNREFUSED, or the receiver's status. Never a message: it may quote what the receiver answered. */
function codeOf(error: Error): string | number {
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' || typeof code === 'number' ? code : error.name;
}
