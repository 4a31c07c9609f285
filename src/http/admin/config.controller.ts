import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { LiveConfig } from '../../config/live-config.js';
import { maskedConfig } from '../../config/masked-config.js';
import type { JsonObject } from '../../contract/json.js';
import { ApiErrors } from '../errors/errors.docs.js';
import { ADMIN_ONLY } from './admin.docs.js';

@ApiTags('admin')
@Controller('admin/config')
export class ConfigController {
  constructor(private readonly live: LiveConfig) {}

  /** The configuration that holds, with all that it leaves to defaults and without its secrets. */
  @Get()
  @ApiOkResponse({ schema: { type: 'object', additionalProperties: true } })
  @ApiErrors({ also: [ADMIN_ONLY] })
  config(): JsonObject {
    return maskedConfig(this.live.current);
  }
}
