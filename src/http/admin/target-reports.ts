import { Injectable } from '@nestjs/common';
import { TargetHealth, type TargetState } from '../../generation/health/target-health.js';
import { TargetActivity } from '../../telemetry/target-activity.js';
import type { TargetReport } from './target.dto.js';

/** What is known of targets, from those who ask them and those who watch. */
@Injectable()
export class TargetReports {
  constructor(
    private readonly health: TargetHealth,
    private readonly activity: TargetActivity,
  ) {}

  all(): TargetReport[] {
    return this.health.states().map((state) => this.#reportOf(state));
  }

  #reportOf(target: TargetState): TargetReport {
    const { backend, model, models, isDisabled, breaker, allowedInMs } = target;
    const lastFault = this.activity.lastFault(target);
    return {
      id: `${backend}/${model}`,
      backend,
      model,
      models,
      disabled: isDisabled,
      breaker,
      ...(allowedInMs > 0 && { allowedInMs: Math.ceil(allowedInMs) }),
      inFlight: this.activity.inFlight(target),
      share: this.activity.share(target),
      ...(lastFault && { lastFault }),
    };
  }
}
