import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config/schema/gateway-config.js';
import { setUpHttp } from './http/server/set-up-http.js';

/** The application, ready to listen. */
export async function createApplication(
  config: GatewayConfig,
  logger: LoggerService,
): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.for(config), {
    bodyParser: false,
    logger,
    abortOnError: false,
    // UnknownRouteController takes every path, wherever its module stands among the others.
    routeResolutionStrategy: 'specificity',
  });
  setUpHttp(app);
  return app;
}
