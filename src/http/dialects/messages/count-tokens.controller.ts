import { Body, Controller, HttpCode, NotFoundException, Post, Res } from '@nestjs/common';
import type { Response } from 'express';
import { routeFor } from '../../../generation/routing/route-for.js';
import { TokenCounter } from '../../../generation/token-counter.js';
import { callerContextOf } from '../../caller-context-of.js';
import { messages } from './dialect.js';
import { ApiCountTokens } from './messages.docs.js';
import { parseCountRequest } from './parse-request.js';

/** How many tokens a prompt has, as far as the model's backends can say. */
@Controller('v1/messages/count_tokens')
export class CountTokensController {
  constructor(private readonly counter: TokenCounter) {}

  /** Counts the tokens of a Messages request. */
  @Post()
  @HttpCode(200)
  @ApiCountTokens()
  async count(
    @Body() body: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<{ input_tokens: number }> {
    const call = callerContextOf(response.req, response, messages.name);
    const { model, chat } = parseCountRequest(body, response.req.headers);
    const route = routeFor(model, call.caller, call.config);
    const { signal } = response.locals.context;
    const tokens = await this.counter.count(route, chat, call, signal);
    // Claude Code counts by itself then.
    if (tokens === undefined) {
      throw new NotFoundException(`No backend of the model "${route.model}" counts tokens.`);
    }
    return { input_tokens: tokens };
  }
}
