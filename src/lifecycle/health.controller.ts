import { Controller, Get, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { Admission } from '../generation/admission.js';
import { UnhealthyFilter } from './unhealthy.filter.js';

/** The probes of a pod. Neither asks an upstream: one that is down must not take all pods with it. */
@ApiTags('operations')
@Controller()
@UseFilters(UnhealthyFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly admission: Admission,
  ) {}

  /** The process runs and its event loop turns. */
  @Get('livez')
  @ApiOperation({ summary: 'Liveness probe' })
  @HealthCheck()
  live() {
    return this.health.check([]);
  }

  /** Configured and not draining: requests may be sent here. */
  @Get('readyz')
  @ApiOperation({ summary: 'Readiness probe' })
  @HealthCheck()
  ready() {
    return this.health.check([
      () => {
        const admission = this.indicator.check('admission');
        return this.admission.isOpen ? admission.up() : admission.down('draining');
      },
    ]);
  }
}
