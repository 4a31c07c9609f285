import { isPattern, restOf, withRest } from '../../config/model-pattern.js';
import { perSnapshot } from '../../config/per-snapshot.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { ModelConfig, TargetConfig } from '../../config/schema/model-config.js';
import type { StreamsConfig, TargetStreamsConfig } from '../../config/schema/streams-config.js';
import type { UsageLimits } from '../../contract/caller.js';
import type { Target } from '../../contract/chat-backend.js';
import type { Price } from '../../contract/generation.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { RetrySettings } from '../attempt/retry-delay.js';

/** A public model and the targets that may answer for it, in order. */
export interface ModelRoute {
  /** Its id in the configuration; what log and metrics call it, also where that is a pattern. */
  readonly model: string;
  /** Nobody may ask for it. */
  readonly disabled: boolean;
  /** The targets that are not disabled, by priority; those of one tier share its requests. */
  readonly tiers: readonly (readonly RouteTarget[])[];
  readonly streams: StreamTimes;
  readonly recovery: RecoverySettings;
  /** What all callers of it together may use. */
  readonly limits: UsageLimits;
  /** Some target is the sandbox: the answer may be canned. */
  readonly sandbox: boolean;
}

export interface RouteTarget extends Target {
  /** What the log and metrics call its model: a pattern stays one. */
  readonly label: string;
  readonly deadlines: TargetDeadlines;
  readonly retry: RetrySettings;
  /** Its share among targets of the same priority. */
  readonly weight: number;
  /** Tokens that fit into it, where that is known. */
  readonly contextWindow?: number | undefined;
  readonly price?: Price | undefined;
  /** It continues a last message of the assistant. */
  readonly prefill: boolean;
}

/** Whether a text that broke off is taken up again, and up to which length of it. */
export interface RecoverySettings {
  readonly mode: ModelConfig['recovery'];
  readonly maxBytes: number;
}

/** Times of a whole request. */
type StreamTimes = Pick<
  StreamsConfig,
  'heartbeatMs' | 'commitAfterMs' | 'slowClientMs' | 'totalMs' | 'stallMs'
>;

/** Times of one attempt. */
export interface TargetDeadlines extends Required<TargetStreamsConfig> {
  /** `firstTokenMs` where no other target can answer any more. */
  readonly lastFirstTokenMs: number;
}

/** Which targets a public model name stands for. */
export class RouteTable {
  readonly routes: readonly ModelRoute[];
  readonly #byName: ReadonlyMap<string, ModelRoute>;
  /** The longest first. */
  readonly #patterns: readonly ModelRoute[];

  constructor(config: GatewayConfig) {
    this.routes = config.models.map((model) => routeOf(model, config));
    const names = this.routes.filter(({ model }) => !isPattern(model));
    this.#byName = new Map(names.map((route) => [route.model, route]));
    this.#patterns = this.routes
      .filter(({ model }) => isPattern(model))
      .toSorted((one, other) => other.model.length - one.model.length);
  }

  /** What can be asked for as it is written: a pattern is no name. */
  get models(): readonly string[] {
    return [...this.#byName.values()].filter(({ disabled }) => !disabled).map(({ model }) => model);
  }

  /**
   * The route of that name, else the one of the longest pattern that stands for it.
   * @throws GatewayError `model_not_found`
   */
  find(name: string): ModelRoute {
    const route = this.#byName.get(name) ?? this.#matching(name);
    if (route && !route.disabled) return route;
    const state = route ? 'disabled here at the moment' : 'not configured here';
    throw new GatewayError(
      'model_not_found',
      `The model "${shortened(name)}" is ${state}. GET /v1/models lists those that can be asked for.`,
      { param: 'model' },
    );
  }

  #matching(name: string): ModelRoute | undefined {
    for (const route of this.#patterns) {
      const rest = restOf(route.model, name);
      if (rest !== undefined) return resolved(route, rest);
    }
    return undefined;
  }
}

/** The route of a pattern for one name. */
function resolved(route: ModelRoute, rest: string): ModelRoute {
  const tiers = route.tiers.map((tier) =>
    tier.map((target) => ({ ...target, model: withRest(target.model, rest) })),
  );
  return { ...route, tiers };
}

export const routesOf = perSnapshot((config) => new RouteTable(config));

export function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

/** The nearest setting wins, key by key: target, model, top level. */
function routeOf(model: ModelConfig, config: GatewayConfig): ModelRoute {
  const streams = { ...config.streams, ...model.streams };
  const retry = { ...config.retry, ...model.retry };
  const disabled = new Set(config.backends.filter((each) => each.disabled).map(({ id }) => id));
  const targets = model.targets.map((target): RouteTarget => {
    const { backend, drop, rename, set, maxTokens, developerRole, contextWindow, price } = target;
    const { weight = 1, prefill = false } = target;
    return {
      backend,
      model: target.model,
      label: target.model,
      drop,
      rename,
      set,
      maxTokens,
      developerRole,
      deadlines: deadlinesOf({ ...streams, ...target.streams }),
      retry: { ...retry, ...target.retry },
      weight,
      contextWindow,
      price,
      prefill,
    };
  });
  return {
    model: model.id,
    disabled: model.disabled ?? false,
    streams,
    tiers: tiersOf(targets, model.targets, disabled),
    recovery: { mode: model.recovery, maxBytes: model.recoveryMaxBytes },
    limits: model.limits,
    sandbox: model.targets.some(({ backend }) =>
      config.backends.some(({ id, sandbox }) => id === backend && sandbox),
    ),
  };
}

/** Without a setting deep reasoning may be silent for minutes; a target with others behind it gets less. */
function deadlinesOf({ firstTokenMs, idleMs, answerMs }: StreamsConfig): TargetDeadlines {
  return {
    firstTokenMs: firstTokenMs ?? 120_000,
    lastFirstTokenMs: firstTokenMs ?? 270_000,
    idleMs,
    answerMs,
  };
}

/** A target without a priority comes behind the one before it, be that disabled or not. */
function tiersOf(
  targets: readonly RouteTarget[],
  configured: readonly TargetConfig[],
  disabledBackends: ReadonlySet<string>,
): readonly (readonly RouteTarget[])[] {
  const tiers = new Map<number, RouteTarget[]>();
  let priority = -1;
  for (const [index, target] of targets.entries()) {
    const { priority: own, disabled } = configured[index]!;
    priority = own ?? priority + 1;
    if (disabled || disabledBackends.has(target.backend)) continue;
    tiers.set(priority, [...(tiers.get(priority) ?? []), target]);
  }
  return [...tiers].toSorted(([one], [other]) => one - other).map(([, tier]) => tier);
}
