import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { GenerationModule } from '../generation/generation.module.js';
import { ChatController } from './chat/chat.controller.js';
import { withoutLeadingLine } from './chat/without-leading-line.js';
import { GatewayErrorFilter } from './gateway-error.filter.js';
import { ChatCompletionsController } from './openai/chat-completions.controller.js';
import { ModelsController } from './openai/models.controller.js';

@Module({
  imports: [GenerationModule],
  controllers: [ChatController, ChatCompletionsController, ModelsController],
  providers: [{ provide: APP_FILTER, useClass: GatewayErrorFilter }],
})
export class HttpModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(withoutLeadingLine).forRoutes('chat', 'chat/*model');
  }
}
