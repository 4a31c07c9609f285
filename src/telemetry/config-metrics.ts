import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import { Gauge } from 'prom-client';
import { LiveConfig } from '../config/live-config.js';

/** Which configuration holds, since when, and whether the files say something else that is unsound. */
@Injectable()
export class ConfigMetrics implements OnModuleInit {
  constructor(
    private readonly live: LiveConfig,
    @InjectMetric('sluice_config_last_reload_successful') private readonly successful: Gauge,
    @InjectMetric('sluice_config_last_reload_success_timestamp_seconds')
    private readonly successAt: Gauge,
    @InjectMetric('sluice_config_info') private readonly info: Gauge,
  ) {}

  onModuleInit(): void {
    this.#taken();
    this.live.observe({
      replaced: () => this.#taken(),
      refused: () => this.successful.set(0),
    });
  }

  #taken(): void {
    this.successful.set(1);
    this.successAt.setToCurrentTime();
    // One series at a time: the one before would say that both hold.
    this.info.reset();
    this.info.set({ sha256: this.live.current.sha256 }, 1);
  }
}
