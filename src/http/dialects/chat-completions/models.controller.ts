import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { routeFor } from '../../../generation/routing/route-for.js';
import { routesOf } from '../../../generation/routing/route-table.js';
import { ApiErrors } from '../../errors/errors.docs.js';
import { Model, ModelList } from './model.dto.js';

/** The models that a caller may use, as OpenAI lists its own. */
@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  /** The models that you may use. */
  @Get()
  @ApiErrors()
  list(@Res({ passthrough: true }) { locals }: Response): ModelList {
    const { caller, config } = locals.context;
    const models = routesOf(config).models.filter((model) => caller.mayUse(model));
    return { object: 'list', data: models.map(toOpenAiModel) };
  }

  /** One of them. */
  @Get('*id')
  @ApiParam({ name: 'id', type: String, example: 'gpt-4o', description: 'May contain slashes.' })
  @ApiErrors({ groups: ['models'] })
  retrieve(
    @Param('id') segments: string | string[],
    @Res({ passthrough: true }) { locals }: Response,
  ): Model {
    const { caller, config } = locals.context;
    const id = [segments].flat().join('/');
    routeFor(id, caller, config);
    return toOpenAiModel(id);
  }
}

function toOpenAiModel(id: string): Model {
  // Sluice does not know when a model was made; the field is required by OpenAI's clients.
  return { id, object: 'model', created: 0, owned_by: 'sluice' };
}
