import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { LiveConfig } from '../../config/live-config.js';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import { type ModelRoute, routesOf, type TargetDeadlines } from './route-table.js';

/** Says of every configuration which models may run out of time before their last target was waited for. */
@Injectable()
export class DeadlineCheck implements OnModuleInit {
  readonly #logger = new Logger('Deadlines');

  constructor(private readonly live: LiveConfig) {}

  onModuleInit(): void {
    this.#checkAll(this.live.current);
    this.live.observe({ replaced: (next) => this.#checkAll(next) });
  }

  #checkAll(config: GatewayConfig): void {
    for (const route of routesOf(config).routes) {
      if (route.disabled || route.tiers.length === 0) continue;
      this.#check(route, 'firstTokenMs', ({ firstTokenMs }) => firstTokenMs);
      this.#check(route, 'answerMs', ({ answerMs }) => answerMs);
    }
  }

  #check(
    { model, tiers, streams: { totalMs } }: ModelRoute,
    setting: 'firstTokenMs' | 'answerMs',
    waitMs: (deadlines: TargetDeadlines) => number,
  ): void {
    const deadlines = tiers.flat().map((target) => target.deadlines);
    const last = deadlines.at(-1)!;
    // The one that is asked last is waited for a little longer where nothing is set.
    const longerMs = setting === 'firstTokenMs' ? last.lastFirstTokenMs - last.firstTokenMs : 0;
    const sumMs = deadlines.reduce((sum, each) => sum + waitMs(each), longerMs);
    if (sumMs <= totalMs) return;
    this.#logger.warn('the waits of its targets add up to more than totalMs', {
      model,
      setting,
      sumMs,
      totalMs,
    });
  }
}
