import { Global, Module } from '@nestjs/common';
import { ChatBackends } from '../contract/chat-backend.js';
import { LiveBackends } from './live-backends.js';

/** Global, because generation asks for `ChatBackends` and must not know who makes them. */
@Global()
@Module({
  providers: [{ provide: ChatBackends, useClass: LiveBackends }],
  exports: [ChatBackends],
})
export class BackendsModule {}
