import { SlidingCount } from './sliding-count.js';

const WINDOW_MS = 30_000;

/** Bounds what repeats and recoveries add to a target's load: an outage must not be tripled by its gateway. */
export class ExtraBudget {
  readonly #requests: SlidingCount;
  readonly #extra: SlidingCount;

  constructor(
    private readonly settings: { readonly share: number; readonly min: number },
    now = () => performance.now(),
  ) {
    this.#requests = new SlidingCount(WINDOW_MS, now);
    this.#extra = new SlidingCount(WINDOW_MS, now);
  }

  /** A request that is asked for anyway. */
  requested(): void {
    this.#requests.add();
  }

  /** Whether one more may be added; if so it counts. */
  take(): boolean {
    const { share, min } = this.settings;
    if (this.#extra.total >= Math.max(min, share * this.#requests.total)) return false;
    this.#extra.add();
    return true;
  }
}
