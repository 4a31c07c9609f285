import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { PrometheusController } from '@willsoto/nestjs-prometheus';
import type { Response } from 'express';

/** The library's controller with its route documented. */
@ApiTags('operations')
@Controller()
export class MetricsController extends PrometheusController {
  /** The metrics of this process, as Prometheus scrapes them. */
  @Get()
  @ApiOperation({ summary: 'Metrics of this process in Prometheus text format' })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    schema: { type: 'string', example: 'llm_active_streams{caller="anonymous"} 3' },
  })
  override index(@Res({ passthrough: true }) response: Response): Promise<string> {
    return super.index(response);
  }
}
