import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { ModelConfig, TargetConfig } from '../../config/schema/model-config.js';
import type { StreamsConfig, TargetStreamsConfig } from '../../config/schema/streams-config.js';
import type { UsageLimits } from '../../contract/caller.js';
import type { Target } from '../../contract/chat-backend.js';
import type { Price } from '../../contract/generation.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { RetrySettings } from '../attempt/retry-delay.js';

/** A public model and the targets that may answer for it, in order. */
export interface ModelRoute {
  readonly model: string;
  /** The targets by priority; those of one tier share its requests. */
  readonly tiers: readonly (readonly RouteTarget[])[];
  readonly streams: StreamTimes;
  readonly recovery: RecoverySettings;
  /** What all callers of it together may use. */
  readonly limits: UsageLimits;
  /** Some target is the sandbox: the answer may be canned. */
  readonly sandbox: boolean;
}

export interface RouteTarget extends Target {
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
  'heartbeatMs' | 'commitAfterMs' | 'slowClientMs' | 'totalMs'
>;

/** Times of one attempt. */
export interface TargetDeadlines extends Required<TargetStreamsConfig> {
  /** `firstTokenMs` where no other target can answer any more. */
  readonly lastFirstTokenMs: number;
}

/** Which targets a public model name stands for; made once from the configuration. */
@Injectable()
export class RouteTable {
  readonly #routes: ReadonlyMap<string, ModelRoute>;
  /** For callers that name none, and whose keys name none. */
  readonly defaultModel: string;

  constructor(config: GatewayConfig) {
    this.defaultModel = config.defaultModel;
    this.#routes = new Map(config.models.map((model) => [model.id, routeOf(model, config)]));
  }

  get routes(): readonly ModelRoute[] {
    return [...this.#routes.values()];
  }

  get models(): readonly string[] {
    return [...this.#routes.keys()];
  }

  /** @throws GatewayError `model_not_found` */
  find(model: string): ModelRoute {
    const route = this.#routes.get(model);
    if (route) return route;
    throw new GatewayError(
      'model_not_found',
      `The model "${shortened(model)}" is not configured here. GET /v1/models lists those that are.`,
      { param: 'model' },
    );
  }
}

export function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

/** The nearest setting wins, key by key: target, model, top level. */
function routeOf(model: ModelConfig, config: GatewayConfig): ModelRoute {
  const streams = { ...config.streams, ...model.streams };
  const retry = { ...config.retry, ...model.retry };
  const targets = model.targets.map((target): RouteTarget => {
    const { backend, drop, rename, set, developerRole, contextWindow, price } = target;
    const { weight = 1, prefill = false } = target;
    return {
      backend,
      model: target.model,
      drop,
      rename,
      set,
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
    streams,
    tiers: tiersOf(targets, model.targets),
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

/** A target without a priority comes behind the one before it. */
function tiersOf(
  targets: readonly RouteTarget[],
  configured: readonly TargetConfig[],
): readonly (readonly RouteTarget[])[] {
  const tiers = new Map<number, RouteTarget[]>();
  let priority = -1;
  for (const [index, target] of targets.entries()) {
    priority = configured[index]!.priority ?? priority + 1;
    tiers.set(priority, [...(tiers.get(priority) ?? []), target]);
  }
  return [...tiers].toSorted(([one], [other]) => one - other).map(([, tier]) => tier);
}
