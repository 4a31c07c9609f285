import { GatewayError } from '../contract/gateway-error.js';
import type { Permit } from './admission/permit.js';
import type { AttemptRunner } from './attempt/attempt-runner.js';
import type { GenerationLifetime } from './generation-lifetime.js';
import type { GenerationRecorder } from './generation-recorder.js';
import type { TargetHealth } from './health/target-health.js';
import type { Candidate } from './routing/candidates.js';
import type { Route } from './routing/route-table.js';

/** What one generation has, from its first wait for room until it is over. */
export class GenerationContext implements Disposable {
  #isBegun = false;

  /** @param permit room for it, once there is */
  constructor(
    readonly route: Route,
    readonly candidates: readonly Candidate[],
    readonly health: TargetHealth,
    readonly lifetime: GenerationLifetime,
    readonly recorder: GenerationRecorder,
    readonly runner: AttemptRunner,
    private readonly permit: Promise<Permit>,
  ) {
    // A generator that nobody reads never gets to its end: it is over when its lifetime is.
    lifetime.signal.addEventListener('abort', () => this.#isBegun || this[Symbol.dispose]());
  }

  /** Its reader has begun to read. Resolves when there is room. */
  async admitted(): Promise<Permit> {
    this.#isBegun = true;
    try {
      const permit = await this.permit;
      this.recorder.admitted(permit);
      return permit;
    } catch (error) {
      this.recorder.refused();
      throw error;
    }
  }

  /** The error that its reader gets; recorded as the end, unless the lifetime has one. */
  failed(error: unknown): GatewayError {
    if (this.lifetime.error) return this.lifetime.error;
    const failure = GatewayError.from(error);
    this.recorder.failed(failure);
    return failure;
  }

  /** Every generation ends here, once, whatever ended it. */
  [Symbol.dispose](): void {
    this.runner[Symbol.dispose]();
    // Without an error its reader has stopped to read, as a caller that leaves does.
    this.recorder.failed(this.lifetime.error ?? new GatewayError('client_closed'));
    this.lifetime[Symbol.dispose]();
    this.permit.then(
      (permit) => permit.release(),
      // It never had one.
      () => undefined,
    );
  }
}
