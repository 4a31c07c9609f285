import { Inject, Injectable } from '@nestjs/common';
import { GatewayConfig } from '../config/gateway-config.js';
import type { Target } from '../contract/chat-backend.js';
import { GenerationObserver } from '../contract/generation.js';
import { Breaker } from './breaker.js';
import { ExtraBudget } from './extra-budget.js';

/** What this process has seen of one target lately. */
export interface Health {
  readonly breaker: Breaker;
  readonly budget: ExtraBudget;
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
      const { breaker, extra } = this.config;
      health = {
        breaker: new Breaker(breaker, (state, fault) =>
          this.observer.breakerTurned({ backend, model }, state, fault),
        ),
        budget: new ExtraBudget(extra),
      };
      this.#targets.set(name, health);
    }
    return health;
  }
}
