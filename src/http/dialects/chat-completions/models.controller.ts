import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { routesOf } from '../../../generation/routing/route-table.js';
import { ErrorBody } from '../../errors/error-body.dto.js';
import { Model, ModelList } from './model.dto.js';

/** The configured models, as OpenAI lists its own. */
@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  /** The configured models. */
  @Get()
  list(@Res({ passthrough: true }) { locals }: Response): ModelList {
    const { models } = routesOf(locals.context.config);
    return { object: 'list', data: models.map(toOpenAiModel) };
  }

  /** One configured model. */
  @Get('*id')
  @ApiParam({ name: 'id', type: String, example: 'gpt-4o', description: 'May contain slashes.' })
  @ApiNotFoundResponse({ type: ErrorBody })
  retrieve(
    @Param('id') id: string | string[],
    @Res({ passthrough: true }) { locals }: Response,
  ): Model {
    const routes = routesOf(locals.context.config);
    const name = [id].flat().join('/');
    routes.find(name);
    return toOpenAiModel(name);
  }
}

function toOpenAiModel(id: string): Model {
  // Sluice does not know when a model was made; the field is required by OpenAI's clients.
  return { id, object: 'model', created: 0, owned_by: 'sluice' };
}
