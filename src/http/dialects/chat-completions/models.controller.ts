import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { routeFor } from '../../../generation/routing/route-for.js';
import { routesOf } from '../../../generation/routing/route-table.js';
import { ApiErrors } from '../../errors/errors.docs.js';
import { Model, ModelList } from './model.dto.js';

/** The models that a caller may use, in one object as clients of OpenAI and of Anthropic read theirs. */
@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  /** The models that you may use. */
  @Get()
  @ApiErrors()
  list(@Res({ passthrough: true }) { locals }: Response): ModelList {
    const { caller, config } = locals.context;
    const ids = routesOf(config).models.filter((model) => caller.mayUse(model));
    return {
      object: 'list',
      data: ids.map(toModel),
      has_more: false,
      first_id: ids[0] ?? null,
      last_id: ids.at(-1) ?? null,
    };
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
    return toModel(id);
  }
}

function toModel(id: string): Model {
  return {
    id,
    object: 'model',
    // Sluice does not know when a model was made; the clients want a time.
    created: 0,
    owned_by: 'sluice',
    type: 'model',
    display_name: id,
    created_at: new Date(0).toISOString(),
  };
}
