import { Body, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DialectController } from '../../stream/dialect-controller.js';
import { GenerationStarter, type Starting } from '../../stream/generation-starter.js';
import { ResponseSink } from '../../stream/response-sink.js';
import { ApiChatCompletion } from './chat-completions.docs.js';
import { chatCompletions } from './dialect.js';

/** OpenAI's Chat Completions, over every configured model. */
@DialectController('v1/chat/completions', chatCompletions, ResponseSink)
export class ChatCompletionsController {
  constructor(private readonly starter: GenerationStarter) {}

  /** Chat Completions, streamed or whole. */
  @Post()
  @HttpCode(200)
  @ApiChatCompletion()
  create(@Body() body: unknown, @Res() response: Response): Starting<unknown> {
    return this.starter.start(chatCompletions.read(body, response.req.headers), response);
  }
}
