import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';

/** The library's controller with its route documented. */
@ApiTags('operations')
@Controller()
export class MetricsController extends PrometheusController {
  /** The metrics of this process, in Prometheus text format. */
  @Get()
  @ApiProduces('text/plain')
  @ApiOkResponse({
    schema: { type: 'string', example: 'llm_active_streams{caller="anonymous"} 3' },
  })
  override index(@Res({ passthrough: true }) response: Response): Promise<string> {
    return super.index(response);
  }
}
