import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiNotFoundResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { requireModel } from '../../../generation/routing/require-model.js';
import { RouteTable } from '../../../generation/routing/route-table.js';
import { ErrorBody } from '../../errors/error-body.dto.js';
import { Model, ModelList } from './model.dto.js';

/** The models that a caller may use, as OpenAI lists its own. */
@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly routes: RouteTable) {}

  /** The models that you may use. */
  @Get()
  list(@Res({ passthrough: true }) { locals }: Response): ModelList {
    const { caller } = locals.context;
    const models = this.routes.models.filter((model) => caller.mayUse(model));
    return { object: 'list', data: models.map(toOpenAiModel) };
  }

  /** One of them. */
  @Get('*id')
  @ApiParam({ name: 'id', type: String, example: 'gpt-4o', description: 'May contain slashes.' })
  @ApiNotFoundResponse({ type: ErrorBody })
  retrieve(
    @Param('id') segments: string | string[],
    @Res({ passthrough: true }) { locals }: Response,
  ): Model {
    const id = [segments].flat().join('/');
    requireModel(locals.context.caller, id);
    return toOpenAiModel(this.routes.find(id).model);
  }
}

function toOpenAiModel(id: string): Model {
  // Sluice does not know when a model was made; the field is required by OpenAI's clients.
  return { id, object: 'model', created: 0, owned_by: 'sluice' };
}
