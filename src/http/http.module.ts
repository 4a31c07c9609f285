import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GenerationModule } from '../generation/generation.module.js';
import { ChatController } from './dialects/event-source/chat.controller.js';
import { withoutLeadingLine } from './stream/without-leading-line.js';
import { ROUTES } from './routes.js';
import { GatewayErrorFilter } from './errors/gateway-error.filter.js';
import { ChatCompletionsController } from './dialects/chat-completions/chat-completions.controller.js';
import { GenerationStarter } from './stream/generation-starter.js';
import { ModelsController } from './dialects/chat-completions/models.controller.js';

@Module({
  imports: [GenerationModule],
  controllers: [ChatController, ChatCompletionsController, ModelsController],
  providers: [GenerationStarter, { provide: APP_FILTER, useClass: GatewayErrorFilter }],
})
export class HttpModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const paths = ROUTES.filter(({ dialect }) => dialect === 'event-source').map(
      ({ path }) => path,
    );
    consumer.apply(withoutLeadingLine).forRoutes(...paths);
  }
}
