import { Module } from '@nestjs/common';
import { Admission } from './admission.js';
import { GenerationService } from './generation.service.js';
import { RouteTable } from './route-table.js';
import { TargetHealth } from './target-health.js';

@Module({
  providers: [Admission, GenerationService, RouteTable, TargetHealth],
  exports: [Admission, GenerationService, RouteTable],
})
export class GenerationModule {}
