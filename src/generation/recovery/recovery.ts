import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { RecoveryOutcome } from '../../contract/generation.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { EndPart } from '../../contract/stream-event.js';
import type { Permit } from '../admission/permit.js';
import type { Attempt } from '../attempt/attempt.js';
import type { Candidate } from '../routing/candidates.js';
import type { Failover } from '../attempt/failover.js';
import { spliceContinued, type Splice, spliceRegenerated } from './splice.js';
import type { RecoverySettings } from '../routing/route-table.js';
import { SentText } from './sent-text.js';

/** An attempt at a candidate, and the events of it that the caller gets. */
export interface ActiveAttempt {
  readonly candidate: Candidate;
  readonly attempt: Attempt;
  readonly batches: AsyncIterable<EventBatch>;
}

interface RecoveryOption {
  readonly candidate: Candidate;
  readonly outcome: 'continued' | 'regenerated';
}

/**
 * Takes up an answer of text that broke off: first by a target that continues it when it is given
 * the beginning, else by one that generates it again and is read in silence while it repeats what
 * the caller has. The caller sees one answer without a seam, or the failure of the break.
 */
export class Recovery {
  readonly #sentText: SentText;
  /** Each way to take it up is tried once. */
  readonly #tried = new Set<string>();
  #brokenAttempts = 0;
  #brokenParts = 0;

  private constructor(
    private readonly candidates: readonly Candidate[],
    private readonly request: ChatRequest,
    private readonly failover: Failover,
    private readonly permit: Permit,
    maxBytes: number,
  ) {
    this.#sentText = new SentText(maxBytes);
  }

  /** Nothing where the model's settings or the request rule it out. */
  static of(
    { candidate }: ActiveAttempt,
    request: ChatRequest,
    { mode, maxBytes }: RecoverySettings,
    failover: Failover,
    permit: Permit,
  ): Recovery | undefined {
    if (mode === 'never' || asksForMoreThanText(request)) return undefined;
    if (mode === 'deterministic' && !isDeterministic(request)) return undefined;
    const { model } = candidate.target;
    const candidates =
      mode === 'always'
        ? failover.candidates
        : failover.candidates.filter(({ target }) => target.model === model);
    return new Recovery(candidates, request, failover, permit, maxBytes);
  }

  /** Takes note of what the caller is given. */
  sent(batch: EventBatch): void {
    this.#sentText.add(batch);
  }

  /**
   * Finds someone who takes the answer up where `broken` left it.
   * @returns nothing where nobody can: then the caller gets `failure`
   * @throws GatewayError when the generation is over
   */
  async resume(failure: GatewayError, broken: ActiveAttempt): Promise<ActiveAttempt | undefined> {
    this.#count(broken.attempt);
    const said = this.#sentText.text;
    if (said === undefined || this.failover.lifetime.signal.aborted || !failure.mayFallBack)
      return undefined;
    for (;;) {
      const option = await this.#next(broken.candidate);
      if (!option) break;
      const relayed = await this.#try(option, said, this.#options(broken.candidate).length === 0);
      if (relayed === undefined) continue;
      const outcome: RecoveryOutcome = relayed === 'diverged' ? relayed : option.outcome;
      this.failover.recorder.recoveryEnded(outcome);
      return relayed === 'diverged' ? undefined : relayed;
    }
    this.failover.recorder.recoveryEnded('failed');
    return undefined;
  }

  /**
   * The end of the answer, with what all its attempts cost. One that broke off reported nothing: its
   * output is counted in parts, and its prompt was the one that the last attempt reports.
   */
  ended(end: EndPart): EndPart {
    const { usage } = end;
    if (this.#brokenAttempts === 0 || !usage) return end;
    const { input, output, ...details } = usage;
    return {
      ...end,
      usage: {
        ...details,
        ...(input !== undefined && { input: input * (1 + this.#brokenAttempts) }),
        ...(output !== undefined && { output: output + this.#brokenParts }),
      },
    };
  }

  /** The first option that was not tried yet and may be, with a permit at its backend. */
  async #next(broken: Candidate): Promise<RecoveryOption | undefined> {
    for (;;) {
      const idsOf = () => this.#options(broken).map(({ candidate }) => candidate.backend.id);
      if (idsOf().length === 0) return undefined;
      try {
        await this.failover.reassign(this.permit, idsOf);
      } catch (error) {
        if (this.failover.lifetime.signal.aborted) throw error;
        return undefined;
      }
      const isHere = ({ candidate }: RecoveryOption) =>
        candidate.backend.id === this.permit.backend;
      const option = this.#options(broken).find(isHere);
      if (!option) continue;
      this.#tried.add(nameOf(option));
      if (this.failover.healthOf(option.candidate).retryBudget.tryAcquire()) return option;
    }
  }

  #options(broken: Candidate): readonly RecoveryOption[] {
    const others = this.candidates.filter((candidate) => candidate !== broken);
    const steps: RecoveryOption[] = [
      ...this.candidates
        .filter(({ target }) => target.prefill)
        .map((candidate): RecoveryOption => ({ candidate, outcome: 'continued' })),
      ...[...others, broken].map((candidate): RecoveryOption => ({
        candidate,
        outcome: 'regenerated',
      })),
    ];
    return steps.filter(
      (option) =>
        !this.#tried.has(nameOf(option)) &&
        this.failover.healthOf(option.candidate).breaker.allows(),
    );
  }

  async #try(
    { candidate, outcome }: RecoveryOption,
    said: string,
    isLast: boolean,
  ): Promise<ActiveAttempt | 'diverged' | undefined> {
    const attempt = this.failover.begin(candidate, isLast);
    try {
      const isContinued = outcome === 'continued';
      await attempt.open(isContinued ? this.#rest(said) : this.request);
      attempt.breakerCall.answered();
      const batches = attempt.batches();
      const splice: Splice = isContinued
        ? { fits: true, batches: spliceContinued(batches) }
        : await spliceRegenerated(batches, said);
      if (splice.fits) return { candidate, attempt, batches: splice.batches };
    } catch (error) {
      const failure = this.failover.failed(attempt, error);
      this.#count(attempt);
      if (this.failover.lifetime.signal.aborted) throw failure;
      return undefined;
    }
    attempt.abandon();
    this.failover.cancelled(attempt);
    this.#count(attempt);
    return 'diverged';
  }

  /** The request for what follows `said`, which has used up some of the tokens that it may have. */
  #rest(said: string): ChatRequest {
    const { sampling } = this.request;
    const { maxTokens } = sampling;
    if (maxTokens === undefined) return { ...this.request, prefill: said };
    const left = Math.max(1, maxTokens - this.#sentText.pieces);
    return { ...this.request, prefill: said, sampling: { ...sampling, maxTokens: left } };
  }

  #count({ contentParts }: Attempt): void {
    if (contentParts === 0) return;
    this.#brokenAttempts += 1;
    this.#brokenParts += contentParts;
  }
}

/** `logprobs` and the like: they come with every token, and only on the wire of who generated it. */
function asksForMoreThanText({ unmodelled }: ChatRequest): boolean {
  return (unmodelled?.shape.length ?? 0) > 0;
}

function nameOf({ candidate, outcome }: RecoveryOption): string {
  return `${outcome} ${candidate.target.backend}/${candidate.target.model}`;
}

function isDeterministic({ sampling }: ChatRequest): boolean {
  return sampling.temperature === 0 || sampling.seed !== undefined;
}
