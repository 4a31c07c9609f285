import type { GatewayConfig } from '../../config/schema/gateway-config.js';

/** How many generations each backend takes at once, and how many run there. */
export class BackendCapacity {
  /** One that is gone keeps its limit for those that still want it. */
  readonly #limits = new Map<string, number>();
  /** What requests may still hold. */
  readonly #snapshots = new Set<GatewayConfig>();
  /** Under a limit that was lowered it may be more. */
  readonly #taken = new Map<string, number>();

  /** From now on its limits hold. */
  adopt(snapshot: GatewayConfig): void {
    this.#snapshots.add(snapshot);
    for (const { id, limits } of snapshot.backends) {
      this.#limits.set(id, limits?.streams ?? Infinity);
    }
  }

  /** Ids may be made at every deploy: they must not add up over months of reloads. */
  forget(snapshot: GatewayConfig): void {
    this.#snapshots.delete(snapshot);
    const kept = new Set(
      [...this.#snapshots].flatMap(({ backends }) => backends).map(({ id }) => id),
    );
    for (const { id } of snapshot.backends) if (!kept.has(id)) this.#limits.delete(id);
  }

  /** Takes one at the first of `backends` that has some left. */
  take(backends: readonly string[]): string | undefined {
    const backend = backends.find((id) => this.#takenAt(id) < (this.#limits.get(id) ?? Infinity));
    if (backend !== undefined) this.#taken.set(backend, this.#takenAt(backend) + 1);
    return backend;
  }

  release(backend: string): void {
    const left = this.#takenAt(backend) - 1;
    if (left > 0) this.#taken.set(backend, left);
    else this.#taken.delete(backend);
  }

  #takenAt(backend: string): number {
    return this.#taken.get(backend) ?? 0;
  }
}
