import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module.js';
import { UsageLedger } from '../ledger/usage-ledger.js';
import { RedisLink } from '../redis/redis-link.js';
import { EarlierUsage } from './earlier-usage.js';
import { LocalStore } from './store/local-store.js';
import { SharedStore } from './store/shared-store.js';
import { UsageStore } from './store/usage-store.js';
import { UsageLimiter } from './usage-limiter.js';

@Module({
  imports: [LedgerModule],
  providers: [
    UsageLimiter,
    {
      provide: UsageStore,
      inject: [RedisLink],
      useFactory: (link: RedisLink | undefined) =>
        link ? new SharedStore(link) : new LocalStore(),
    },
    {
      provide: EarlierUsage,
      inject: [UsageStore, UsageLedger],
      useFactory: (store: UsageStore, ledger: UsageLedger | undefined) =>
        ledger && store instanceof LocalStore ? new EarlierUsage(ledger, store) : undefined,
    },
  ],
  exports: [UsageLimiter],
})
export class LimitsModule {}
