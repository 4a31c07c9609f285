import type { GatewayConfig } from '../../config/schema/gateway-config.js';

/** How many generations run at each backend, and how many may. */
export class BackendCapacity {
  readonly #limits: ReadonlyMap<string, number>;
  readonly #taken = new Map<string, number>();

  constructor(backends: GatewayConfig['backends']) {
    this.#limits = new Map(backends.map(({ id, limits }) => [id, limits?.streams ?? Infinity]));
  }

  hasRoom(backend: string): boolean {
    return this.#takenAt(backend) < (this.#limits.get(backend) ?? Infinity);
  }

  acquire(backend: string): void {
    this.#taken.set(backend, this.#takenAt(backend) + 1);
  }

  release(backend: string): void {
    this.#taken.set(backend, this.#takenAt(backend) - 1);
  }

  #takenAt(backend: string): number {
    return this.#taken.get(backend) ?? 0;
  }
}
