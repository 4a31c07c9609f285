import { Module } from '@nestjs/common';
import { RedisLink } from '../redis/redis-link.js';
import { LocalStore } from './store/local-store.js';
import { SharedStore } from './store/shared-store.js';
import { UsageStore } from './store/usage-store.js';
import { UsageLimiter } from './usage-limiter.js';

@Module({
  providers: [
    UsageLimiter,
    {
      provide: UsageStore,
      inject: [{ token: RedisLink, optional: true }],
      useFactory: (link?: RedisLink) => (link ? new SharedStore(link) : new LocalStore()),
    },
  ],
  exports: [UsageLimiter],
})
export class LimitsModule {}
