import { Controller, Get, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { DrainService } from './drain.service.js';
import { ApiLiveness, ApiReadiness } from './health.docs.js';
import { UnhealthyFilter } from './unhealthy.filter.js';

/** The probes of a pod. Neither asks an upstream: one that is down must not take all pods with it. */
@ApiTags('operations')
@Controller()
@UseFilters(UnhealthyFilter)
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicator: HealthIndicatorService,
    private readonly drain: DrainService,
  ) {}

  /** Liveness probe: the process runs and its event loop turns. */
  @Get('livez')
  @HealthCheck({ swaggerDocumentation: false })
  @ApiLiveness()
  live() {
    return this.health.check([]);
  }

  /** Readiness probe: configured and not draining. */
  @Get('readyz')
  @HealthCheck({ swaggerDocumentation: false })
  @ApiReadiness()
  ready() {
    return this.health.check([
      () => {
        const admission = this.indicator.check('admission');
        return this.drain.isDraining ? admission.down('draining') : admission.up();
      },
    ]);
  }
}
