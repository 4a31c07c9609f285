import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import { type ConfiguredTarget, isAsked, targetsOf } from '../../config/targets-of.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { type ChatBackend, ChatBackends, type Target } from '../../contract/chat-backend.js';
import { type BreakerState, GenerationObserver } from '../../contract/generation.js';
import { Breaker } from './breaker.js';
import { RetryBudget } from './retry-budget.js';

/** What this process has seen of one target lately. */
export interface Health {
  readonly breaker: Breaker;
  readonly retryBudget: RetryBudget;
}

type HealthByModel = Map<string, Health>;

/** As the configuration has it: the label of a pattern's targets stays a pattern. */
interface Seen {
  readonly backend: ChatBackend;
  readonly target: { readonly label: string };
}

/** What an operator sees of one target. */
export interface TargetState extends ConfiguredTarget {
  readonly breaker: BreakerState;
  /** Until a request may go to it, also where it limits its rate; 0: now. */
  readonly allowedInMs: number;
}

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

  of({ backend, target: { label } }: Seen): Health {
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

  /** Of every target of the configuration that holds, each once. */
  states(): TargetState[] {
    const { current } = this.live;
    const backends = this.backends.of(current);
    return [...targetsOf(current).values()].map((target) => {
      const backend = backends.get(target.backend)!;
      const { breaker } = this.of({ backend, target: { label: target.model } });
      return { ...target, breaker: breaker.state, allowedInMs: breaker.msUntilAllowed };
    });
  }

  /**
   * Asks a target as usual again, whatever was seen of it.
   * @returns whether there is such a target
   */
  closeBreaker({ backend: id, model }: Target): boolean {
    const { current } = this.live;
    const backend = this.backends.of(current).get(id);
    if (!backend || !targetsOf(current).has(`${id}/${model}`)) return false;
    this.of({ backend, target: { label: model } }).breaker.close();
    return true;
  }

  #isCurrent(backend: ChatBackend, label: string, health: Health): boolean {
    const { current } = this.live;
    if (this.backends.of(current).get(backend.id) !== backend) return false;
    if (!isAsked(targetsOf(current), `${backend.id}/${label}`)) return false;
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
        const name = `${id}/${model}`;
        const isTarget = targetsOf(next).has(name);
        if (!isKept || !isTarget) byModel.delete(model);
        if (breaker.isClosed || !isAsked(targetsOf(next), name)) continue;
        // One that was switched off has not been heard of meanwhile.
        if (!isKept) this.observer.breakerChanged({ backend: id, model }, 'closed');
        else if (!isAsked(targetsOf(previous), name)) {
          this.observer.breakerChanged({ backend: id, model }, breaker.state);
        }
      }
    }
  }
}
