import { Controller, Get, Inject, Logger, NotFoundException, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { GatewayError } from '../../contract/gateway-error.js';
import { UsageLedger } from '../../ledger/usage-ledger.js';
import { StoreError, type UsageQuery, type UsageSum } from '../../ledger/usage-store.js';
import { ApiErrors } from '../errors/errors.docs.js';
import { ADMIN_ONLY } from './admin.docs.js';
import { parseUsageQuery } from './parse-usage-query.js';
import type { UsageReport } from './usage.dto.js';

/** More sums than anybody reads. */
const MAX_ROWS = 10_000;

const REFUSALS = [
  [
    'invalid_request',
    'A parameter is wrong; `param` names it.',
    'from must be a day or a time, such as 2026-11-01.',
    'from',
  ],
  ADMIN_ONLY,
  ['model_not_found', 'No ledger is configured (`usage`).', 'No usage is kept here.'],
  ['overloaded', 'The database did not answer within `usage.timeoutMs`.', 'It is away.'],
] as const;

/** What the ledger says, for whoever runs Sluice. */
@ApiTags('admin')
@Controller('admin/usage')
export class UsageController {
  readonly #logger = new Logger('UsageLedger');

  constructor(@Inject(UsageLedger) private readonly ledger: UsageLedger | undefined) {}

  /** What was used, summed up. */
  @Get()
  @ApiOperation({
    description:
      'Of all generations that ended from `from` on and before `to`. Rows are written about a second after the end of a generation.',
  })
  @ApiQuery({
    name: 'from',
    required: false,
    type: String,
    example: '2026-11-01',
    description: 'A day or a time, in UTC. Absent: the first of this month.',
  })
  @ApiQuery({
    name: 'to',
    required: false,
    type: String,
    example: '2026-12-01T00:00:00Z',
    description: 'The same; what ended then is not in it. Absent: now.',
  })
  @ApiQuery({
    name: 'by',
    required: false,
    type: String,
    example: 'caller,model,day',
    description: 'Some of `caller`, `model`, `day`, in any order. Absent: one sum of all.',
  })
  @ApiErrors({ also: REFUSALS })
  async usage(@Query() query: Request['query']): Promise<UsageReport> {
    const { from, to, by } = parseUsageQuery(query);
    const rows = await this.#sums({ from, to, by, limit: MAX_ROWS + 1 });
    return {
      from: from.toISOString(),
      to: to.toISOString(),
      by: [...by],
      rows: rows.slice(0, MAX_ROWS),
      ...(rows.length > MAX_ROWS && { truncated: true }),
    };
  }

  async #sums(query: UsageQuery): Promise<readonly UsageSum[]> {
    if (!this.ledger) {
      throw new NotFoundException(
        'No usage is kept here: set usage.url (PostgreSQL) or usage.file (SQLite) in the configuration.',
      );
    }
    try {
      return await this.ledger.sums(query);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#logger.warn('usage cannot be read', { code: error.code });
      throw new GatewayError(
        'overloaded',
        'The usage ledger cannot be read now: its database is away, or takes longer than usage.timeoutMs. Ask for less time, or try again.',
      );
    }
  }
}
