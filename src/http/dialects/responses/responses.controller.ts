import { Body, HttpCode, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DialectController } from '../../stream/dialect-controller.js';
import { GenerationStarter, type Starting } from '../../stream/generation-starter.js';
import { ResponseSink } from '../../stream/response-sink.js';
import { responses } from './dialect.js';
import type { ResponsesOptions } from './response-object.js';
import { ApiResponses } from './responses.docs.js';

/** OpenAI's Responses, over every configured model. */
@DialectController('v1/responses', responses, ResponseSink)
export class ResponsesController {
  constructor(private readonly starter: GenerationStarter) {}

  /** Responses, streamed or whole; nothing of them is kept. */
  @Post()
  @HttpCode(200)
  @ApiResponses()
  create(@Body() body: unknown, @Res() response: Response): Starting<ResponsesOptions> {
    const parsed = responses.read(body, response.req.headers);
    const { maxOutputBytes } = response.locals.context.config.responses;
    const options = { ...parsed.options, maxOutputBytes };
    return this.starter.start({ ...parsed, options }, response);
  }
}
