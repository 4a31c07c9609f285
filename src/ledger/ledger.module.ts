import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import { setTimeout as pause } from 'node:timers/promises';
import type { Counter } from 'prom-client';
import { GatewayConfig } from '../config/schema/gateway-config.js';
import { openStore } from './open-store.js';
import { UsageLedger } from './usage-ledger.js';
import type { UsageStore } from './usage-store.js';
import { UsageWriter } from './usage-writer.js';

const UsageStoreToken = Symbol('UsageStore');

/** How long a store may take to say goodbye. */
const CLOSE_MS = 500;

/** What was used, kept. Without `usage` in the configuration there is none of it: all of these are undefined. */
@Module({
  providers: [
    {
      provide: UsageStoreToken,
      inject: [GatewayConfig],
      useFactory: ({ usage }: GatewayConfig) => usage && openStore(usage),
    },
    {
      provide: UsageWriter,
      inject: [UsageStoreToken, getToken('sluice_usage_rows_dropped_total')],
      useFactory: (store: UsageStore | undefined, dropped: Counter) =>
        store && new UsageWriter(store, dropped),
    },
    {
      provide: UsageLedger,
      inject: [UsageStoreToken],
      useFactory: (store: UsageStore | undefined) => store && new UsageLedger(store),
    },
  ],
  exports: [UsageLedger, UsageWriter],
})
export class LedgerModule implements OnApplicationShutdown {
  constructor(
    @Inject(UsageStoreToken) private readonly store: UsageStore | undefined,
    @Inject(UsageWriter) private readonly writer: UsageWriter | undefined,
  ) {}

  /** Behind the drain: no stream is left that could end. */
  async onApplicationShutdown(): Promise<void> {
    await this.writer?.close();
    await Promise.race([this.store?.close(), pause(CLOSE_MS, undefined, { ref: false })]);
  }
}
