import { Controller, Get, Res } from '@nestjs/common';
import {
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiProduces,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';
import { FlightRecorder } from './flight-recorder.js';

const content = { 'application/json': { schema: { $ref: '#/components/schemas/ErrorBody' } } };

/** The library's controller with its route documented. */
@ApiTags('operations')
@Controller()
export class MetricsController extends PrometheusController {
  constructor(private readonly recorder: FlightRecorder) {
    super();
  }

  /** The metrics of this process, in Prometheus text format. */
  @Get()
  @ApiProduces('text/plain')
  @ApiOkResponse({
    description: 'One line for each.',
    schema: { type: 'string', example: 'llm_active_streams{caller="anonymous"} 3' },
  })
  @ApiUnauthorizedResponse({ description: 'There is no key, or one that is not known.', content })
  @ApiForbiddenResponse({ description: 'The key is none with `admin: true`.', content })
  override index(@Res({ passthrough: true }) response: Response): Promise<string> {
    this.recorder.countWaiting();
    return super.index(response);
  }
}
