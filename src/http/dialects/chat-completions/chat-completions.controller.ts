import { Body, Controller, HttpCode, Post, Req, Res, UseInterceptors } from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Observable, takeUntil } from 'rxjs';
import type { ChatAnswer } from '../../../contract/chat-answer.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import { GenerationService } from '../../../generation/generation.service.js';
import { TokenMetricsInterceptor } from '../../../telemetry/token-metrics.interceptor.js';
import { setGenerationHeaders } from '../../generation-headers.js';
import { callerContextOf } from '../../caller-context-of.js';
import { withHeadersOf } from '../../caller-header.js';
import { disconnected } from '../../stream/disconnected.js';
import { fromAnswer } from '../../stream/from-answer.js';
import { fromPull } from '../../stream/from-pull.js';
import {
  type ChatCompletionRequest,
  parseChatCompletionRequest,
} from './chat-completion-request.js';
import { ApiChatCompletion } from './chat-completion.docs.js';
import { OpenAiDialectInterceptor } from './openai-dialect.interceptor.js';

/** OpenAI's Chat Completions, over every configured model. */
@Controller('v1/chat/completions')
@UseInterceptors(OpenAiDialectInterceptor, TokenMetricsInterceptor)
export class ChatCompletionsController {
  constructor(private readonly generations: GenerationService) {}

  /** Chat Completions, streamed or whole. */
  @Post()
  @HttpCode(200)
  @ApiChatCompletion()
  create(
    @Body() body: unknown,
    @Req() request: Request,
    @Res() response: Response,
  ): Observable<EventBatch | ChatAnswer> {
    const completion = parseChatCompletionRequest(body);
    return completion.stream
      ? this.#stream(completion, request, response)
      : this.#answer(completion, request, response);
  }

  #stream(
    { model, request: chat }: ChatCompletionRequest,
    request: Request,
    response: Response,
  ): Observable<EventBatch> {
    return fromPull((signal) => {
      const call = callerContextOf(request, response);
      const asked = withHeadersOf(request, chat);
      const generation = this.generations.stream(model, asked, call, signal);
      setGenerationHeaders(generation, response);
      return generation;
    }, response).pipe(takeUntil(disconnected(response)));
  }

  #answer(
    { model, request: chat }: ChatCompletionRequest,
    request: Request,
    response: Response,
  ): Observable<ChatAnswer> {
    return fromAnswer((signal) => {
      const call = callerContextOf(request, response);
      const asked = withHeadersOf(request, chat);
      const generation = this.generations.complete(model, asked, call, signal);
      setGenerationHeaders(generation, response);
      return generation.answer;
    }).pipe(takeUntil(disconnected(response)));
  }
}
