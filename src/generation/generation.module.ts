import { Module } from '@nestjs/common';
import { Admission } from './admission.js';
import { GenerationService } from './generation.service.js';
import { RouteTable } from './route-table.js';

@Module({
  providers: [Admission, GenerationService, RouteTable],
  exports: [Admission, GenerationService, RouteTable],
})
export class GenerationModule {}
