interface Entry<T> {
  readonly value: T;
  readonly expiresAtMs: number;
}

/** Values that are all kept for the same time, and disposed of when nobody took them by then. */
export class ShortLived<T extends Disposable> {
  /** In the order of their coming, which is that of their going. */
  readonly #entries = new Map<string, Entry<T>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly lifetimeMs: number) {}

  add(id: string, value: T): void {
    this.#entries.set(id, { value, expiresAtMs: performance.now() + this.lifetimeMs });
    if (!this.#timer) this.#timer = this.#sweepIn(this.lifetimeMs);
  }

  /** Gives a value away, once; whoever takes it disposes of it. */
  take(id: string): T | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    this.#entries.delete(id);
    if (entry.expiresAtMs > performance.now()) return entry.value;
    entry.value[Symbol.dispose]();
    return undefined;
  }

  #sweepIn(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#sweep(), Math.ceil(ms)).unref();
  }

  #sweep(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [id, { value, expiresAtMs }] of this.#entries) {
      if (expiresAtMs > now) {
        this.#timer = this.#sweepIn(expiresAtMs - now);
        return;
      }
      this.#entries.delete(id);
      value[Symbol.dispose]();
    }
  }
}
