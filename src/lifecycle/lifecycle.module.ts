import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { GenerationModule } from '../generation/generation.module.js';
import { DrainService } from './drain.service.js';
import { HealthController } from './health.controller.js';

@Module({
  imports: [GenerationModule, TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [DrainService],
})
export class LifecycleModule {}
