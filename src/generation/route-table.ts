import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../config/gateway-config.js';
import type { Target } from '../contract/chat-backend.js';
import { GatewayError } from '../contract/gateway-error.js';

/** A public model and whoever may answer for it, in order. */
export interface Route {
  readonly model: string;
  readonly targets: readonly RouteTarget[];
  readonly streams: StreamTimes;
  /** Some target is the sandbox: the answer may be canned. */
  readonly sandbox: boolean;
}

export interface RouteTarget extends Target {
  readonly deadlines: TargetDeadlines;
}

/** Times of a whole request. */
export interface StreamTimes {
  readonly heartbeatMs: number;
  readonly commitAfterMs: number;
  readonly slowClientMs: number;
  readonly totalMs: number;
}

/** Times of one attempt. */
export interface TargetDeadlines {
  readonly firstTokenMs: number;
  readonly idleMs: number;
  readonly answerMs: number;
}

/** Which targets a public model name stands for; made once from the configuration. */
@Injectable()
export class RouteTable {
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #defaultModel: string;

  constructor(config: GatewayConfig) {
    this.#defaultModel = config.defaultModel;
    this.#routes = new Map(config.models.map((model) => [model.id, routeOf(model, config)]));
  }

  get models(): readonly string[] {
    return [...this.#routes.keys()];
  }

  /** @throws GatewayError `model_not_found` */
  find(model: string = this.#defaultModel): Route {
    const route = this.#routes.get(model);
    if (route) return route;
    throw new GatewayError(
      'model_not_found',
      `The model "${shortened(model)}" is not configured here. GET /v1/models lists those that are.`,
      { param: 'model' },
    );
  }
}

function shortened(name: string): string {
  return name.length > 100 ? `${name.slice(0, 100)}…` : name;
}

/** The nearest setting wins, key by key: target, model, top level. */
function routeOf(model: GatewayConfig['models'][number], config: GatewayConfig): Route {
  const streams = { ...config.streams, ...model.streams };
  return {
    model: model.id,
    streams,
    targets: model.targets.map((target) => ({
      backend: target.backend,
      model: target.model,
      ...(target.options && { options: target.options }),
      deadlines: { ...streams, ...target.streams },
    })),
    sandbox: model.targets.some(({ backend }) =>
      config.backends.some(({ id, sandbox }) => id === backend && sandbox),
    ),
  };
}
