import { Body, Controller, HttpCode, Post, Res, UseInterceptors } from '@nestjs/common';
import type { Response } from 'express';
import { TokenMetricsInterceptor } from '../../../telemetry/token-metrics.interceptor.js';
import { type Answering, GenerationStarter } from '../../stream/generation-starter.js';
import { type ChatCompletionOptions, parseChatCompletionRequest } from './parse-request.js';
import { ApiChatCompletion } from './chat-completions.docs.js';
import { OpenAiDialectInterceptor } from './openai-dialect.interceptor.js';

/** OpenAI's Chat Completions, over every configured model. */
@Controller('v1/chat/completions')
@UseInterceptors(OpenAiDialectInterceptor, TokenMetricsInterceptor)
export class ChatCompletionsController {
  constructor(private readonly starter: GenerationStarter) {}

  /** Chat Completions, streamed or whole. */
  @Post()
  @HttpCode(200)
  @ApiChatCompletion()
  create(@Body() body: unknown, @Res() response: Response): Answering<ChatCompletionOptions> {
    return this.starter.start(parseChatCompletionRequest(body), response);
  }
}
