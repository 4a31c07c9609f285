import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { Tracing } from './tracing.js';

export type { Tracing } from './tracing.js';

/** Of a `Tracing`, or of nothing: where no spans are sent, nothing that could send them is loaded. */
export const TracingToken = Symbol('Tracing');

@Module({
  providers: [
    {
      provide: TracingToken,
      inject: [GatewayConfig],
      useFactory: async ({ tracing }: GatewayConfig): Promise<Tracing | undefined> =>
        tracing && (await import('./start-tracing.js')).startTracing(tracing),
    },
  ],
  exports: [TracingToken],
})
export class TracingModule implements OnApplicationShutdown {
  constructor(@Inject(TracingToken) private readonly tracing: Tracing | undefined) {}

  /** Behind the drain: no stream is left that could end. */
  async onApplicationShutdown(): Promise<void> {
    await this.tracing?.close();
  }
}
