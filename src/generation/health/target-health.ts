import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import { perSnapshot } from '../../config/per-snapshot.js';
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
export interface TargetState extends Target {
  /** The public models that it answers for. */
  readonly models: readonly string[];
  /** Its backend is; nobody asks it. */
  readonly isDisabled: boolean;
  readonly breaker: BreakerState;
  /** Until a request may go to it, also where it limits its rate; 0: now. */
  readonly allowedInMs: number;
}

/** The targets of a configuration with the models that they answer for, by `backend/model`. */
const modelsByTarget = perSnapshot(({ models }) => {
  const targets = new Map<string, Target & { readonly models: string[] }>();
  for (const { id, targets: its } of models) {
    for (const { backend, model } of its) {
      const known = targets.get(`${backend}/${model}`);
      if (known) known.models.push(id);
      else targets.set(`${backend}/${model}`, { backend, model, models: [id] });
    }
  }
  return targets;
});

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
    const disabled = new Set(current.backends.filter((each) => each.disabled).map(({ id }) => id));
    return [...modelsByTarget(current).values()].map(({ backend, model, models }) => {
      const { breaker } = this.of({ backend: backends.get(backend)!, target: { label: model } });
      return {
        backend,
        model,
        models,
        isDisabled: disabled.has(backend),
        breaker: breaker.state,
        allowedInMs: breaker.msUntilAllowed,
      };
    });
  }

  /**
   * Asks a target as usual again, whatever was seen of it.
   * @returns whether there is such a target
   */
  closeBreaker({ backend: id, model }: Target): boolean {
    const { current } = this.live;
    const backend = this.backends.of(current).get(id);
    if (!backend || !modelsByTarget(current).has(`${id}/${model}`)) return false;
    this.of({ backend, target: { label: model } }).breaker.close();
    return true;
  }

  #isCurrent(backend: ChatBackend, label: string, health: Health): boolean {
    const { current } = this.live;
    if (this.backends.of(current).get(backend.id) !== backend) return false;
    if (!modelsByTarget(current).has(`${backend.id}/${label}`)) return false;
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
        const isTarget = modelsByTarget(next).has(`${id}/${model}`);
        if (isKept && isTarget) continue;
        byModel.delete(model);
        if (isTarget && !breaker.isClosed) {
          this.observer.breakerChanged({ backend: id, model }, 'closed');
        }
      }
    }
  }
}
