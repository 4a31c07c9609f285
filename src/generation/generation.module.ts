import { Module } from '@nestjs/common';
import { Admission } from './admission.js';
import { GenerationService } from './generation.service.js';
import { RouteTable } from './route-table.js';
import { RunningGenerations } from './running-generations.js';

@Module({
  providers: [Admission, GenerationService, RouteTable, RunningGenerations],
  exports: [Admission, GenerationService, RouteTable, RunningGenerations],
})
export class GenerationModule {}
