import { type DynamicModule, Global, Module } from '@nestjs/common';
import { LiveConfig } from './live-config.js';
import { GatewayConfig } from './schema/gateway-config.js';

/**
 * Lets everything ask for `LiveConfig`. `GatewayConfig` is the snapshot of the start: it may be asked
 * for only by what needs a restart to change, and by nothing that serves requests.
 */
@Global()
@Module({})
export class ConfigModule {
  static for(config: GatewayConfig): DynamicModule {
    return {
      module: ConfigModule,
      providers: [
        { provide: GatewayConfig, useValue: config },
        { provide: LiveConfig, useValue: new LiveConfig(config) },
      ],
      exports: [GatewayConfig, LiveConfig],
    };
  }
}
