import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccessModule } from '../access/access.module.js';
import { GenerationModule } from '../generation/generation.module.js';
import { LimitsModule } from '../limits/limits.module.js';
import { LedgerModule } from '../ledger/ledger.module.js';
import { ConfigController } from './admin/config.controller.js';
import { EventsController } from './admin/events.controller.js';
import { PageController } from './admin/page.controller.js';
import { StreamsController } from './admin/streams.controller.js';
import { TargetReports } from './admin/target-reports.js';
import { TargetsController } from './admin/targets.controller.js';
import { UsageController } from './admin/usage.controller.js';
import { ChatCompletionsController } from './dialects/chat-completions/chat-completions.controller.js';
import { ModelsController } from './dialects/chat-completions/models.controller.js';
import { ChatController } from './dialects/event-source/chat.controller.js';
import { TicketsController } from './dialects/event-source/tickets.controller.js';
import { CountTokensController } from './dialects/messages/count-tokens.controller.js';
import { MessagesController } from './dialects/messages/messages.controller.js';
import { ResponsesController } from './dialects/responses/responses.controller.js';
import { GatewayErrorFilter } from './errors/gateway-error.filter.js';
import { AdminListener } from './server/admin-listener.js';
import { GenerationStarter } from './stream/generation-starter.js';
import { TicketsModule } from '../tickets/tickets.module.js';

@Module({
  imports: [AccessModule, GenerationModule, LedgerModule, LimitsModule, TicketsModule],
  controllers: [
    ChatController,
    TicketsController,
    ChatCompletionsController,
    MessagesController,
    ResponsesController,
    CountTokensController,
    ModelsController,
    PageController,
    UsageController,
    EventsController,
    StreamsController,
    TargetsController,
    ConfigController,
  ],
  providers: [
    AdminListener,
    GenerationStarter,
    TargetReports,
    { provide: APP_FILTER, useClass: GatewayErrorFilter },
  ],
})
export class HttpModule {}
