import { Module } from '@nestjs/common';
import { Admission } from './admission.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { GenerationService } from './generation.service.js';
import { RouteTable } from './route-table.js';

@Module({
  providers: [
    Admission,
    { provide: EventLoopDelay, useFactory: () => new EventLoopDelay() },
    GenerationService,
    RouteTable,
  ],
  exports: [Admission, GenerationService, RouteTable],
})
export class GenerationModule {}
