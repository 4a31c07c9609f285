import {
  Body,
  Controller,
  HttpCode,
  Param,
  Query,
  Req,
  RequestMethod,
  Res,
  Sse,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { type Observable, takeUntil } from 'rxjs';
import type { ChatRequest } from '../../../contract/chat-request.js';
import { GatewayError } from '../../../contract/gateway-error.js';
import type { EventBatch } from '../../../contract/event-batch.js';
import { GenerationService } from '../../../generation/generation.service.js';
import { TokenMetricsInterceptor } from '../../../telemetry/token-metrics.interceptor.js';
import { setGenerationHeaders } from '../../generation-headers.js';
import { callerContextOf } from '../../caller-context-of.js';
import { withHeadersOf } from '../../caller-header.js';
import { disconnected } from '../../stream/disconnected.js';
import { fromPull } from '../../stream/from-pull.js';
import { parseChatBody } from './chat-body.js';
import { ChatDialectInterceptor } from './chat-dialect.interceptor.js';
import { ChatQueryDto } from './chat-query.dto.js';
import { requestOfQuery } from './chat-request.js';
import { chatValidation } from './chat-validation.pipe.js';
import { ApiChatBody, ApiChatModel, ApiChatStream } from './chat.docs.js';

/** No limit of Nest's own on waiting events: `fromPull` lets next to none wait. */
const POST_EVENTS = { method: RequestMethod.POST, maxPendingDataLength: 0 };
const GET_EVENTS = { maxPendingDataLength: 0 };

/** Our EventSource protocol, for browsers. */
@Controller('chat')
@UsePipes(chatValidation)
@UseInterceptors(ChatDialectInterceptor, TokenMetricsInterceptor)
export class ChatController {
  constructor(private readonly generations: GenerationService) {}

  /** Streams an answer to one message. */
  @Sse('', GET_EVENTS)
  @ApiChatStream()
  ask(
    @Query() query: ChatQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Observable<EventBatch> {
    return this.#stream(query.model, requestOfQuery(query), request, response);
  }

  /** Streams a model's answer to one message. */
  @Sse('*model', GET_EVENTS)
  @ApiChatStream()
  @ApiChatModel()
  askModel(
    @Param('model') model: string | string[],
    @Query() query: ChatQueryDto,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Observable<EventBatch> {
    return this.#stream(nameOf(model, query.model), requestOfQuery(query), request, response);
  }

  /** Streams an answer to a conversation. */
  @Sse('', POST_EVENTS)
  @HttpCode(200)
  @ApiChatStream()
  @ApiChatBody()
  converse(
    @Body() body: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Observable<EventBatch> {
    const { model, request: chat } = parseChatBody(body);
    return this.#stream(model, chat, request, response);
  }

  /** Streams a model's answer to a conversation. */
  @Sse('*model', POST_EVENTS)
  @HttpCode(200)
  @ApiChatStream()
  @ApiChatModel()
  @ApiChatBody()
  converseWithModel(
    @Param('model') model: string | string[],
    @Body() body: unknown,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Observable<EventBatch> {
    const { model: other, request: chat } = parseChatBody(body);
    return this.#stream(nameOf(model, other), chat, request, response);
  }

  #stream(
    model: string | null | undefined,
    chat: ChatRequest,
    request: Request,
    response: Response,
  ): Observable<EventBatch> {
    return fromPull((signal) => {
      const call = callerContextOf(request, response);
      const generation = this.generations.stream(
        model ?? undefined,
        withHeadersOf(request, chat),
        call,
        signal,
      );
      setGenerationHeaders(generation, response);
      return generation;
    }, response).pipe(takeUntil(disconnected(response)));
  }
}

/** The model in the path, which Express hands over as its segments; another one beside it is a mistake. */
function nameOf(path: string | string[], other: string | null | undefined): string {
  // A path may end in a slash.
  const model = [path].flat().join('/').replace(/\/$/, '');
  if (other == null || other === model) return model;
  throw new GatewayError('invalid_request', 'model is not the one in the path.', {
    param: 'model',
  });
}
