import { Body, HttpCode, Param, Query, RequestMethod, Res, Sse, UsePipes } from '@nestjs/common';
import type { Response } from 'express';
import { GatewayError } from '../../../contract/gateway-error.js';
import { DialectController } from '../../stream/dialect-controller.js';
import { GenerationStarter, type Starting } from '../../stream/generation-starter.js';
import { SseSink } from '../../stream/sse-sink.js';
import type { ParsedRequest } from '../dialect.js';
import { eventSource } from './dialect.js';
import { ChatQuery } from './chat-query.dto.js';
import { parseChatQuery } from './parse-query.js';
import { chatValidation } from './chat-validation.pipe.js';
import {
  ApiChatBody,
  ApiChatModel,
  ApiChatStream,
  ApiNoMoreEvents,
  ApiTicketParameter,
} from './chat.docs.js';

/** No limit of Nest's own on waiting events: `fromPull` lets next to none wait. */
const POST_EVENTS = { method: RequestMethod.POST, maxPendingDataLength: 0 };
const GET_EVENTS = { maxPendingDataLength: 0 };

/** Our EventSource protocol, for browsers. */
@DialectController('chat', eventSource, SseSink)
@UsePipes(chatValidation)
export class ChatController {
  constructor(private readonly starter: GenerationStarter) {}

  /** Streams an answer to one message. */
  @Sse('', GET_EVENTS)
  @ApiChatStream()
  @ApiNoMoreEvents()
  @ApiTicketParameter()
  ask(
    @Query() query: ChatQuery,
    @Res({ passthrough: true }) response: Response,
  ): Starting<unknown> {
    return this.starter.start(parseChatQuery(query), response);
  }

  /** Streams a model's answer to one message. */
  @Sse('*model', GET_EVENTS)
  @ApiChatStream()
  @ApiNoMoreEvents()
  @ApiChatModel()
  askModel(
    @Param('model') model: string | string[],
    @Query() query: ChatQuery,
    @Res({ passthrough: true }) response: Response,
  ): Starting<unknown> {
    return this.starter.start(withModel(model, parseChatQuery(query)), response);
  }

  /** Streams an answer to a conversation. */
  @Sse('', POST_EVENTS)
  @HttpCode(200)
  @ApiChatStream()
  @ApiChatBody()
  converse(
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Starting<unknown> {
    return this.starter.start(eventSource.read(body, response.req.headers), response);
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
    @Res({ passthrough: true }) response: Response,
  ): Starting<unknown> {
    return this.starter.start(
      withModel(model, eventSource.read(body, response.req.headers)),
      response,
    );
  }
}

/** The model in the path, which Express hands over as its segments; another one beside it is a mistake. */
function withModel(path: string | string[], parsed: ParsedRequest<void>): ParsedRequest<void> {
  // A path may end in a slash.
  const model = [path].flat().join('/').replace(/\/$/, '');
  if (parsed.model === undefined || parsed.model === model) return { ...parsed, model };
  throw new GatewayError('invalid_request', 'model is not the one in the path.', {
    param: 'model',
  });
}
