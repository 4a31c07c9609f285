import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { RecoveryOutcome } from '../contract/generation.js';
import type { ChunkBatch, EndChunk } from '../contract/stream-chunk.js';
import type { Place } from './admission.js';
import type { Attempt } from './attempt.js';
import type { Candidate } from './candidates.js';
import type { Failover } from './failover.js';
import { chunksOf, joinContinued, type Joint, joinRepeated } from './joint.js';
import type { RecoverySettings } from './route-table.js';
import { Transcript } from './transcript.js';

/** An attempt at a candidate, and the chunks of it that the caller gets. */
export interface Relayed {
  readonly candidate: Candidate;
  readonly attempt: Attempt;
  readonly batches: AsyncIterable<ChunkBatch>;
}

interface Step {
  readonly candidate: Candidate;
  readonly outcome: 'continued' | 'regenerated';
}

/**
 * Takes up an answer of text that broke off: first by a target that continues it when it is given
 * the beginning, else by one that generates it again and is read in silence while it repeats what
 * the caller has. The caller sees one answer without a seam, or the failure of the break.
 */
export class Recovery {
  readonly #transcript: Transcript;
  /** Each way to take it up is tried once. */
  readonly #tried = new Set<string>();
  #brokenAttempts = 0;
  #brokenChunks = 0;

  private constructor(
    private readonly candidates: readonly Candidate[],
    private readonly request: ChatRequest,
    private readonly failover: Failover,
    private readonly place: Place,
    maxBytes: number,
  ) {
    this.#transcript = new Transcript(maxBytes);
  }

  /** Nothing where the model's settings or the request rule it out. */
  static of(
    { candidate }: Relayed,
    request: ChatRequest,
    { mode, maxBytes }: RecoverySettings,
    failover: Failover,
    place: Place,
  ): Recovery | undefined {
    if (mode === 'never' || asksForMoreThanText(request)) return undefined;
    if (mode === 'deterministic' && !isDeterministic(request)) return undefined;
    const { model } = candidate.target;
    const candidates =
      mode === 'always'
        ? failover.candidates
        : failover.candidates.filter(({ target }) => target.model === model);
    return new Recovery(candidates, request, failover, place, maxBytes);
  }

  /** Takes note of what the caller is given. */
  passed(batch: ChunkBatch): void {
    for (const chunk of batch) this.#transcript.add(chunk);
  }

  /**
   * Finds someone who takes the answer up where `broken` left it.
   * @returns nothing where nobody can: then the caller gets `failure`
   * @throws GatewayError when the generation is over
   */
  async takeUp(failure: GatewayError, broken: Relayed): Promise<Relayed | undefined> {
    this.#count(broken.attempt);
    const said = this.#transcript.text;
    if (said === undefined || this.failover.scope.isOver || !failure.mayTryNext) return undefined;
    for (;;) {
      const step = await this.#next(broken.candidate);
      if (!step) break;
      const relayed = await this.#try(step, said, this.#steps(broken.candidate).length === 0);
      if (relayed === undefined) continue;
      const outcome: RecoveryOutcome = relayed === 'diverged' ? relayed : step.outcome;
      this.failover.run.recoveryEnded(outcome);
      return relayed === 'diverged' ? undefined : relayed;
    }
    this.failover.run.recoveryEnded('failed');
    return undefined;
  }

  /**
   * The end of the answer, with what all its attempts cost. One that broke off reported nothing: its
   * output is counted in chunks, and its prompt was the one that the last attempt reports.
   */
  ended(chunk: EndChunk): EndChunk {
    const { usage } = chunk;
    if (this.#brokenAttempts === 0 || !usage) return chunk;
    const { input, output, ...details } = usage;
    return {
      ...chunk,
      usage: {
        ...details,
        ...(input !== undefined && { input: input * (1 + this.#brokenAttempts) }),
        ...(output !== undefined && { output: output + this.#brokenChunks }),
      },
    };
  }

  /** The first step that was not tried yet and may be, with a place at its backend. */
  async #next(broken: Candidate): Promise<Step | undefined> {
    for (;;) {
      const idsOf = () => this.#steps(broken).map(({ candidate }) => candidate.backend.id);
      if (idsOf().length === 0) return undefined;
      try {
        await this.failover.moveTo(this.place, idsOf);
      } catch (error) {
        if (this.failover.scope.isOver) throw error;
        return undefined;
      }
      const isHere = ({ candidate }: Step) => candidate.backend.id === this.place.backend;
      const step = this.#steps(broken).find(isHere);
      if (!step) continue;
      this.#tried.add(nameOf(step));
      if (this.failover.healthOf(step.candidate).budget.take()) return step;
    }
  }

  #steps(broken: Candidate): readonly Step[] {
    const others = this.candidates.filter((candidate) => candidate !== broken);
    const steps: Step[] = [
      ...this.candidates
        .filter(({ target }) => target.prefill)
        .map((candidate): Step => ({ candidate, outcome: 'continued' })),
      ...[...others, broken].map((candidate): Step => ({ candidate, outcome: 'regenerated' })),
    ];
    return steps.filter(
      (step) =>
        !this.#tried.has(nameOf(step)) && this.failover.healthOf(step.candidate).breaker.passes(),
    );
  }

  async #try(
    { candidate, outcome }: Step,
    said: string,
    isLast: boolean,
  ): Promise<Relayed | 'diverged' | undefined> {
    const attempt = this.failover.begin(candidate, isLast);
    try {
      const isContinued = outcome === 'continued';
      await attempt.open(isContinued ? this.#rest(said) : this.request);
      attempt.trial.answered();
      const chunks = chunksOf(attempt.batches());
      const joint: Joint = isContinued
        ? { fits: true, batches: joinContinued(chunks) }
        : await joinRepeated(chunks, said);
      if (joint.fits) return { candidate, attempt, batches: joint.batches };
    } catch (error) {
      const failure = this.failover.failed(attempt, error);
      this.#count(attempt);
      if (this.failover.scope.isOver) throw failure;
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
    const left = Math.max(1, maxTokens - this.#transcript.chunks);
    return { ...this.request, prefill: said, sampling: { ...sampling, maxTokens: left } };
  }

  #count({ contentChunks }: Attempt): void {
    if (contentChunks === 0) return;
    this.#brokenAttempts += 1;
    this.#brokenChunks += contentChunks;
  }
}

/** `logprobs` and the like: they come with every token, and only on the wire of who generated it. */
function asksForMoreThanText({ unmodelled }: ChatRequest): boolean {
  return (unmodelled?.shape.length ?? 0) > 0;
}

function nameOf({ candidate, outcome }: Step): string {
  return `${outcome} ${candidate.target.backend}/${candidate.target.model}`;
}

function isDeterministic({ sampling }: ChatRequest): boolean {
  return sampling.temperature === 0 || sampling.seed !== undefined;
}
