import { Logger } from '@nestjs/common';
import type { GatewayConfig } from './schema/gateway-config.js';

const logger = new Logger('Config');

/** Who has to hear of a new configuration. */
export interface ConfigObserver {
  /** `next` holds for requests that begin from now on. */
  replaced?(next: GatewayConfig, previous: GatewayConfig): void;
  /** What should have replaced it was not sound. */
  refused?(): void;
  /** The last request that began with `snapshot` is over, and nobody will ask for it again. */
  retired?(snapshot: GatewayConfig): void;
}

/**
 * The snapshot that holds now, and those that requests which began earlier still hold. A request
 * holds the one that it began with to its end, and reads no other.
 */
export class LiveConfig {
  #current: GatewayConfig;
  readonly #holders = new Map<GatewayConfig, number>();
  readonly #observers: ConfigObserver[] = [];

  constructor(first: GatewayConfig) {
    this.#current = first;
  }

  get current(): GatewayConfig {
    return this.#current;
  }

  observe(observer: ConfigObserver): void {
    this.#observers.push(observer);
  }

  /** The current snapshot, for a request that begins; `release` it once, when the request is over. */
  hold(): GatewayConfig {
    this.#holders.set(this.#current, (this.#holders.get(this.#current) ?? 0) + 1);
    return this.#current;
  }

  release(snapshot: GatewayConfig): void {
    const others = (this.#holders.get(snapshot) ?? 0) - 1;
    if (others > 0) this.#holders.set(snapshot, others);
    else this.#drop(snapshot);
  }

  /**
   * Takes `next` over wholly, or not at all.
   * @param next whole and sound
   * @throws what an observer throws, once all that were told of `next` were told of the one before
   */
  replace(next: GatewayConfig): void {
    const previous = this.#current;
    if (next === previous) return;
    this.#current = next;
    const told: ConfigObserver[] = [];
    try {
      for (const observer of this.#observers) {
        told.push(observer);
        observer.replaced?.(next, previous);
      }
    } catch (error) {
      this.#current = previous;
      tellAll(told, (observer) => observer.replaced?.(previous, next));
      tellAll(told, (observer) => observer.retired?.(next));
      throw error;
    }
    if (!this.#holders.has(previous)) this.#drop(previous);
  }

  refuse(): void {
    for (const observer of this.#observers) observer.refused?.();
  }

  #drop(snapshot: GatewayConfig): void {
    this.#holders.delete(snapshot);
    if (snapshot === this.#current) return;
    tellAll(this.#observers, (observer) => observer.retired?.(snapshot));
  }
}

/** What one of them cannot do keeps the others from nothing, nor the request that has just ended. */
function tellAll(
  observers: readonly ConfigObserver[],
  tell: (observer: ConfigObserver) => void,
): void {
  for (const observer of observers) {
    try {
      tell(observer);
    } catch (error) {
      logger.error('a change of the configuration was not followed everywhere', {
        error: error instanceof Error ? error.name : typeof error,
      });
    }
  }
}
