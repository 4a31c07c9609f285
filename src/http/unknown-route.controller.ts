import {
  All,
  Controller,
  MethodNotAllowedException,
  NotFoundException,
  Req,
  Res,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { PATHS } from './paths.js';

/** What the common SDKs should call instead of the APIs that are not here. */
const INSTEAD: Readonly<Record<string, string>> = {
  '/v1/responses':
    'Use Chat Completions: client.chat.completions.create in the OpenAI SDKs, openai.chat(model) in the AI SDK, useResponsesApi: false in LangChain.',
  '/v1/messages':
    'The Anthropic API is not spoken here: point an OpenAI SDK at this base URL and use client.chat.completions.create.',
  '/v1/completions':
    'The legacy Completions API is not spoken here: use client.chat.completions.create, in LangChain ChatOpenAI instead of OpenAI.',
  '/v1/embeddings': 'Embeddings are not offered here: send them to the provider itself.',
};

/** Comes last: answers what no other controller does. */
@ApiExcludeController()
@Controller()
export class UnknownRouteController {
  @All(['/', '*path'])
  unknown(@Req() request: Request, @Res({ passthrough: true }) response: Response): never {
    const { method, path } = request;
    const known = PATHS.find((each) => each.path.test(path));
    if (known) {
      response.setHeader('allow', known.allow);
      throw new MethodNotAllowedException(`${method} is not possible here; use ${known.allow}.`);
    }
    if (path.startsWith('/v1')) {
      const instead = INSTEAD[withoutSlashAtEnd(path)];
      throw new NotFoundException(
        `There is no such path. ${instead ?? 'Under /v1 there are POST /v1/chat/completions, GET /v1/models and GET /v1/models/{id}.'}`,
      );
    }
    throw new NotFoundException('There is no such path; GET /docs shows those that there are.');
  }
}

/** A path may be 60,000 slashes: a pattern for "slashes at the end" would begin anew at each. */
function withoutSlashAtEnd(path: string): string {
  return path.endsWith('/') ? path.slice(0, -1) : path;
}
