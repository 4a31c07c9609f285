import { Controller, Get, Param } from '@nestjs/common';
import { ApiNotFoundResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import { RouteTable } from '../../../generation/routing/route-table.js';
import { ErrorBody } from '../../errors/error-body.dto.js';
import { Model, ModelList } from './model.dto.js';

/** The configured models, as OpenAI lists its own. */
@ApiTags('openai')
@Controller('v1/models')
export class ModelsController {
  constructor(private readonly routes: RouteTable) {}

  /** The configured models. */
  @Get()
  list(): ModelList {
    return { object: 'list', data: this.routes.models.map(toOpenAiModel) };
  }

  /** One configured model. */
  @Get('*id')
  @ApiParam({ name: 'id', type: String, example: 'gpt-4o', description: 'May contain slashes.' })
  @ApiNotFoundResponse({ type: ErrorBody })
  retrieve(@Param('id') id: string | string[]): Model {
    return toOpenAiModel(this.routes.find([id].flat().join('/')).model);
  }
}

function toOpenAiModel(id: string): Model {
  // Sluice does not know when a model was made; the field is required by OpenAI's clients.
  return { id, object: 'model', created: 0, owned_by: 'sluice' };
}
