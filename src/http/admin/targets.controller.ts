import { Controller, Get, HttpCode, Logger, NotFoundException, Param, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { TargetHealth } from '../../generation/health/target-health.js';
import { ApiErrors } from '../errors/errors.docs.js';
import { ADMIN_ONLY, NO_SUCH_TARGET } from './admin.docs.js';
import { TargetList, TargetReport } from './target.dto.js';
import { TargetReports } from './target-reports.js';

/** What answers here, and how it does. */
@ApiTags('admin')
@Controller('admin/targets')
export class TargetsController {
  readonly #logger = new Logger('Admin');

  constructor(
    private readonly reports: TargetReports,
    private readonly health: TargetHealth,
  ) {}

  /** Every target of the configuration: its breaker, and what it is asked. */
  @Get()
  @ApiErrors({ also: [ADMIN_ONLY] })
  list(): TargetList {
    return { targets: this.reports.all() };
  }

  /** Asks a target as usual again, whatever was seen of it. */
  @Post(':id/close')
  @HttpCode(200)
  @ApiParam({ name: 'id', description: '`backend/model`, its slashes written as `%2F`.' })
  @ApiErrors({ also: [NO_SUCH_TARGET, ADMIN_ONLY] })
  close(@Param('id') id: string): TargetReport {
    const target = this.reports.all().find((each) => each.id === id);
    if (!target || !this.health.closeBreaker(target)) {
      throw new NotFoundException(
        'There is no such target here: GET /admin/targets has their ids.',
      );
    }
    this.#logger.warn('breaker closed by an operator', { target: id });
    return this.reports.all().find((each) => each.id === id)!;
  }
}
