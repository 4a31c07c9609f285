import { Inject, Injectable } from '@nestjs/common';
import { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { Target } from '../../contract/chat-backend.js';
import { GenerationObserver } from '../../contract/generation.js';
import { Breaker } from './breaker.js';
import { RetryBudget } from './retry-budget.js';

/** What this process has seen of one target lately. */
export interface Health {
  readonly breaker: Breaker;
  readonly retryBudget: RetryBudget;
}

/** The health of every target, whichever models it serves. */
@Injectable()
export class TargetHealth {
  readonly #targets = new Map<string, Health>();

  constructor(
    private readonly config: GatewayConfig,
    @Inject(GenerationObserver) private readonly observer: GenerationObserver,
  ) {}

  of({ backend, model }: Target): Health {
    const name = `${backend}/${model}`;
    let health = this.#targets.get(name);
    if (!health) {
      const { breaker, retryBudget } = this.config;
      health = {
        breaker: new Breaker(breaker, (state, fault) =>
          this.observer.breakerChanged({ backend, model }, state, fault),
        ),
        retryBudget: new RetryBudget(retryBudget),
      };
      this.#targets.set(name, health);
    }
    return health;
  }
}
