import type { Permit } from '../admission/permit.js';
import type { GenerationLifetime } from '../generation-lifetime.js';
import type { TargetHealth } from '../health/target-health.js';
import type { Candidate } from '../routing/candidates.js';
import type { WaitClock } from '../wait-clock.js';

export interface RecoveryOption {
  readonly candidate: Candidate;
  /** What becomes of the answer where it works out. */
  readonly outcome: 'continued' | 'regenerated';
}

/** The ways to take up a broken answer, each tried once: continuing comes before generating again. */
export class RecoveryOptions {
  readonly #tried = new Set<string>();

  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly health: TargetHealth,
    private readonly lifetime: GenerationLifetime,
    private readonly permit: Permit,
    private readonly waits: WaitClock,
  ) {}

  /**
   * The first that was not tried yet and may be, with a permit at its backend and within its target's
   * retry budget; nothing where there is none.
   * @throws GatewayError when the generation is over
   */
  async take(broken: Candidate): Promise<RecoveryOption | undefined> {
    for (;;) {
      const backends = () => this.#left(broken).map(({ candidate }) => candidate.backend.id);
      if (backends().length === 0) return undefined;
      try {
        await this.waits.during('queue', this.permit.reassign(backends));
      } catch (error) {
        if (this.lifetime.signal.aborted) throw error;
        return undefined;
      }
      const isHere = ({ candidate }: RecoveryOption) =>
        candidate.backend.id === this.permit.backend;
      const option = this.#left(broken).find(isHere);
      if (!option) continue;
      this.#tried.add(nameOf(option));
      if (this.health.of(option.candidate).retryBudget.tryAcquire()) return option;
    }
  }

  isExhausted(broken: Candidate): boolean {
    return this.#left(broken).length === 0;
  }

  #left(broken: Candidate): readonly RecoveryOption[] {
    const continuing = this.candidates.filter(({ target }) => target.prefill);
    const others = this.candidates.filter((candidate) => candidate !== broken);
    const all: RecoveryOption[] = [
      ...continuing.map((candidate) => ({ candidate, outcome: 'continued' as const })),
      ...[...others, broken].map((candidate) => ({ candidate, outcome: 'regenerated' as const })),
    ];
    return all.filter(
      (option) =>
        !this.#tried.has(nameOf(option)) && this.health.of(option.candidate).breaker.allows(),
    );
  }
}

function nameOf({ candidate, outcome }: RecoveryOption): string {
  return `${outcome} ${candidate.target.backend}/${candidate.target.model}`;
}
