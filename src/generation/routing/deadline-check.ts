import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { type ModelRoute, routesOf, type TargetDeadlines } from './route-table.js';

/** A model may run out of time before its last target was waited for. */
export interface DeadlineWarning {
  readonly model: string;
  readonly setting: 'firstTokenMs' | 'answerMs';
  /** What the waits of its targets add up to. */
  readonly sumMs: number;
  readonly totalMs: number;
}

export function deadlineWarnings(config: GatewayConfig): readonly DeadlineWarning[] {
  const routes = routesOf(config).routes.filter(
    ({ disabled, tiers }) => !disabled && tiers.length > 0,
  );
  return routes.flatMap((route) => [
    ...warningsOf(route, 'firstTokenMs', ({ firstTokenMs }) => firstTokenMs),
    ...warningsOf(route, 'answerMs', ({ answerMs }) => answerMs),
  ]);
}

function warningsOf(
  { model, tiers, streams: { totalMs } }: ModelRoute,
  setting: DeadlineWarning['setting'],
  waitMs: (deadlines: TargetDeadlines) => number,
): DeadlineWarning[] {
  const deadlines = tiers.flat().map((target) => target.deadlines);
  const last = deadlines.at(-1)!;
  // The one that is asked last is waited for a little longer where nothing is set.
  const longerMs = setting === 'firstTokenMs' ? last.lastFirstTokenMs - last.firstTokenMs : 0;
  const sumMs = deadlines.reduce((sum, each) => sum + waitMs(each), longerMs);
  return sumMs <= totalMs ? [] : [{ model, setting, sumMs, totalMs }];
}

/** Says of every configuration which models may run out of time. */
@Injectable()
export class DeadlineCheck implements OnModuleInit {
  readonly #logger = new Logger('Deadlines');

  constructor(private readonly live: LiveConfig) {}

  onModuleInit(): void {
    this.#check(this.live.current);
    this.live.observe({ replaced: (next) => this.#check(next) });
  }

  #check(config: GatewayConfig): void {
    for (const warning of deadlineWarnings(config)) {
      this.#logger.warn('the waits of its targets add up to more than totalMs', warning);
    }
  }
}
