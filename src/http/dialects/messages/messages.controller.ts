import { Body, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DialectController } from '../../stream/dialect-controller.js';
import { GenerationStarter, type Starting } from '../../stream/generation-starter.js';
import { ResponseSink } from '../../stream/response-sink.js';
import { messages } from './dialect.js';
import { ApiMessages } from './messages.docs.js';

/** Anthropic's Messages, over every configured model. */
@DialectController('v1/messages', messages, ResponseSink)
export class MessagesController {
  constructor(private readonly starter: GenerationStarter) {}

  /** Messages, streamed or whole. */
  @Post()
  @HttpCode(200)
  @ApiMessages()
  create(@Body() body: unknown, @Res() response: Response): Starting<unknown> {
    return this.starter.start(messages.read(body, response.req.headers), response);
  }
}
