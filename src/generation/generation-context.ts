import { GatewayError } from '../contract/gateway-error.js';
import type { Permit } from './admission/permit.js';
import type { Attempts } from './attempt/attempts.js';
import type { GenerationLifetime } from './generation-lifetime.js';
import type { GenerationRecorder } from './generation-recorder.js';
import type { TargetHealth } from './health/target-health.js';
import type { Candidate } from './routing/candidates.js';
import type { ModelRoute } from './routing/route-table.js';

/** What one generation has, from its first wait for room until it is over. */
export class GenerationContext implements Disposable {
  #isBegun = false;

  /** @param permit room for it, once there is */
  constructor(
    readonly route: ModelRoute,
    readonly candidates: readonly Candidate[],
    readonly health: TargetHealth,
    readonly lifetime: GenerationLifetime,
    readonly recorder: GenerationRecorder,
    readonly attempts: Attempts,
    private readonly permit: Promise<Permit>,
  ) {
    // A generator that nobody reads never gets to its end: it is over when its lifetime is.
    lifetime.signal.addEventListener('abort', () => this.#isBegun || this[Symbol.dispose]());
  }

  /** Its reader has begun to read: waits for room. */
  async begin(): Promise<Permit> {
    // Nobody read it in time: it has its end already.
    this.lifetime.signal.throwIfAborted();
    this.#isBegun = true;
    try {
      const permit = await this.recorder.waits.during('queue', this.permit);
      this.recorder.admitted(permit);
      return permit;
    } catch (error) {
      this.recorder.notAdmitted();
      throw error;
    }
  }

  /** Ends it. @returns the error that its reader gets */
  endFailed(error: unknown): GatewayError {
    // An attempt that a bug of ours left running belongs to the record.
    this.attempts[Symbol.dispose]();
    const failure = this.lifetime.error ?? GatewayError.from(error);
    this.recorder.recordFailure(failure);
    return failure;
  }

  /** Every generation ends here, once, whatever ended it. */
  [Symbol.dispose](): void {
    this.attempts[Symbol.dispose]();
    const { error } = this.lifetime;
    if (error) this.recorder.recordFailure(error);
    // Without an error its reader has stopped to read, as a caller that leaves does.
    else if (this.recorder.endReason === undefined) {
      this.recorder.recordFailure(new GatewayError('client_closed'));
    }
    this.recorder.close();
    this.lifetime[Symbol.dispose]();
    this.permit.then(
      (permit) => permit.release(),
      // It never had one.
      () => undefined,
    );
  }
}
