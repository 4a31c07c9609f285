import { Global, Module } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';
import { GatewayConfig } from '../config/schema/gateway-config.js';
import { RedisLink } from './redis-link.js';

/** Gives whoever shares something with other replicas the one connection, or nothing without `redis`. */
@Global()
@Module({
  providers: [
    {
      provide: RedisLink,
      inject: [GatewayConfig, getToken('sluice_redis_up')],
      useFactory: ({ redis }: GatewayConfig, up: Gauge) => {
        // A gauge without labels begins as 0: an alert would take "not used" for "away".
        if (!redis) return up.remove();
        return new RedisLink(redis.url, redis.commandMs, (isUp) => up.set(isUp ? 1 : 0));
      },
    },
  ],
  exports: [RedisLink],
})
export class RedisModule {}
