import { type DynamicModule, Module } from '@nestjs/common';
import { BackendsModule } from './backends/backends.module.js';
import { ConfigModule } from './config/config.module.js';
import { GatewayConfig } from './config/schema/gateway-config.js';
import { HttpModule } from './http/http.module.js';
import { UnknownRouteModule } from './http/errors/unknown-route.module.js';
import { LifecycleModule } from './lifecycle/lifecycle.module.js';
import { RedisModule } from './redis/redis.module.js';
import { ObserversModule } from './observers.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';

/** The wiring diagram. */
@Module({})
export class AppModule {
  static for(config: GatewayConfig): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.for(config),
        BackendsModule,
        TelemetryModule,
        RedisModule,
        ObserversModule,
        HttpModule,
        LifecycleModule,
        UnknownRouteModule,
      ],
    };
  }
}
