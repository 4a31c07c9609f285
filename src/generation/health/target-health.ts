import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import { perSnapshot } from '../../config/per-snapshot.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { type ChatBackend, ChatBackends } from '../../contract/chat-backend.js';
import { GenerationObserver } from '../../contract/generation.js';
import type { Candidate } from '../routing/candidates.js';
import { Breaker } from './breaker.js';
import { RetryBudget } from './retry-budget.js';

/** What this process has seen of one target lately. */
export interface Health {
  readonly breaker: Breaker;
  readonly retryBudget: RetryBudget;
}

type HealthByModel = Map<string, Health>;

/** The targets of a configuration, by their labels. */
const namesOf = perSnapshot(
  ({ models }) =>
    new Set(
      models.flatMap(({ targets }) => targets.map(({ backend, model }) => `${backend}/${model}`)),
    ),
);

/**
 * The health of every target, whichever models it serves. It is what was seen of a backend as it is:
 * one that was given another key or URL begins anew, and so do all where `breaker` or `retryBudget`
 * changed.
 */
@Injectable()
export class TargetHealth {
  #byBackend = new WeakMap<ChatBackend, HealthByModel>();

  constructor(
    private readonly live: LiveConfig,
    @Inject(ChatBackends) private readonly backends: ChatBackends,
    @Inject(GenerationObserver) private readonly observer: GenerationObserver,
  ) {
    live.observe({ replaced: (next, previous) => this.#beginAnew(next, previous) });
  }

  of({ backend, target: { label } }: Pick<Candidate, 'backend' | 'target'>): Health {
    let byModel = this.#byBackend.get(backend);
    if (!byModel) this.#byBackend.set(backend, (byModel = new Map()));
    const known = byModel.get(label);
    if (known) return known;
    const { breaker, retryBudget } = this.live.current;
    const health: Health = {
      breaker: new Breaker(breaker, (state, fault) => {
        // What streams of an older configuration still meet there is nobody's news.
        if (this.#isCurrent(backend, label, health)) {
          this.observer.breakerChanged({ backend: backend.id, model: label }, state, fault);
        }
      }),
      retryBudget: new RetryBudget(retryBudget),
    };
    byModel.set(label, health);
    return health;
  }

  #isCurrent(backend: ChatBackend, label: string, health: Health): boolean {
    const { current } = this.live;
    if (this.backends.of(current).get(backend.id) !== backend) return false;
    if (!namesOf(current).has(`${backend.id}/${label}`)) return false;
    return this.#byBackend.get(backend)?.get(label) === health;
  }

  /** Targets that are left alone for what is over now are asked again at once. */
  #beginAnew(next: GatewayConfig, previous: GatewayConfig): void {
    const isSame =
      isDeepStrictEqual(next.breaker, previous.breaker) &&
      isDeepStrictEqual(next.retryBudget, previous.retryBudget);
    const before = this.#byBackend;
    if (!isSame) this.#byBackend = new WeakMap();
    const backends = this.backends.of(next);
    for (const [id, backend] of this.backends.of(previous)) {
      const isKept = isSame && backends.get(id) === backend;
      const byModel: HealthByModel = before.get(backend) ?? new Map();
      for (const [model, { breaker }] of byModel) {
        const isTarget = namesOf(next).has(`${id}/${model}`);
        if (isKept && isTarget) continue;
        byModel.delete(model);
        if (isTarget && !breaker.isClosed) {
          this.observer.breakerChanged({ backend: id, model }, 'closed');
        }
      }
    }
  }
}
