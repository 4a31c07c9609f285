import type { Target } from '../../contract/chat-backend.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { defined } from '../../contract/json.js';
import type { AttemptRecord } from '../../contract/generation.js';
import type { GenerationLifetime } from '../generation-lifetime.js';
import type { GenerationRecorder } from '../generation-recorder.js';
import type { TargetHealth } from '../health/target-health.js';
import type { Candidate } from '../routing/candidates.js';
import type { RouteTarget } from '../routing/route-table.js';
import { Attempt, type AttemptNotices } from './attempt.js';

/** How an attempt ended: its answer was taken, it was given up for no fault of its target's, or it failed. */
export type AttemptOutcome = 'ok' | 'cancelled' | GatewayError;

/**
 * The attempts of one generation, one at a time. However one ends, it is told here and once: to the
 * breaker, the record, and the upstream connection.
 */
export class Attempts implements Disposable {
  #running: Attempt | undefined;

  constructor(
    private readonly health: TargetHealth,
    private readonly recorder: GenerationRecorder,
    private readonly lifetime: GenerationLifetime,
    private readonly flow: string,
  ) {}

  /** @param isLast no other target may be asked when this one stays silent */
  begin(candidate: Candidate, isLast: boolean): Attempt {
    const { target } = candidate;
    const call = this.health.of(candidate).breaker.track(this.flow);
    const notices = new TargetNotices(target, this.recorder);
    const { signal } = this.lifetime;
    const { waits, trace } = this.recorder;
    this.recorder.attemptBegan(labelled(target));
    this.#running = new Attempt(candidate, signal, call, notices, isLast, waits, trace);
    return this.#running;
  }

  /** It has first content, or a whole answer. It may still break off. */
  answered(attempt: Attempt): void {
    attempt.breakerCall.answered();
  }

  /**
   * Ends an attempt that threw.
   * @returns what its caller gets: why the generation is over, if it is, else the attempt's failure
   */
  endFailed(attempt: Attempt, error: unknown): GatewayError {
    const { error: over } = this.lifetime;
    const failure = over ?? failureAt(attempt.candidate.target, GatewayError.from(error));
    this.end(attempt, over ? 'cancelled' : failure);
    return failure;
  }

  end(attempt: Attempt, outcome: AttemptOutcome): void {
    if (attempt.isOver) return;
    this.#running = undefined;
    if (outcome === 'ok') attempt.close();
    else attempt.abort();
    if (outcome === 'cancelled') attempt.breakerCall.cancelled();
    else if (outcome !== 'ok') attempt.breakerCall.failed(outcome);
    this.recorder.attemptEnded(toAttemptRecord(attempt, outcome));
  }

  /** Ends the attempt whose answer is not read to its end, if there is one. */
  [Symbol.dispose](): void {
    if (this.#running) this.end(this.#running, 'cancelled');
  }
}

/** What is noticed of one target, for its operator. */
class TargetNotices implements AttemptNotices {
  constructor(
    private readonly target: RouteTarget,
    private readonly recorder: GenerationRecorder,
  ) {}

  malformedEvent(): void {
    this.recorder.malformedEvent(this.target.backend);
  }

  unknownFinishReason(word: string): void {
    this.recorder.targetNoticed(labelled(this.target), { kind: 'unknown_finish_reason', word });
  }

  implausibleUsage(): void {
    this.recorder.targetNoticed(labelled(this.target), { kind: 'implausible_usage' });
  }

  preambleTooLong(): void {
    this.recorder.targetNoticed(labelled(this.target), { kind: 'preamble_too_long' });
  }
}

/** What the log calls a target. */
function labelled({ backend, label }: RouteTarget): Target {
  return { backend, model: label };
}

/**
 * Behind a pattern a name that the upstream does not have is the caller's mistake, and no reason to
 * leave the target alone: anybody could close it for all others with a name that is made up.
 */
function failureAt({ label, model }: RouteTarget, failure: GatewayError): GatewayError {
  const isUnknownName = failure.fault === 'upstream_model_missing' && label !== model;
  if (!isUnknownName || failure.breakerEffect !== 'open') return failure;
  const { cause, upstream } = failure;
  return new GatewayError('model_not_found', 'No backend here has a model of this name.', {
    param: 'model',
    mayFallBack: true,
    cause,
    upstream,
  });
}

function toAttemptRecord(attempt: Attempt, outcome: AttemptOutcome): AttemptRecord {
  const { candidate, startedAt, cancelledAt, isAccepted, contentParts } = attempt;
  const { requestId, upstreamModel, usage } = attempt;
  const failure = outcome instanceof GatewayError ? outcome : undefined;
  const now = performance.now();
  return {
    backend: candidate.target.backend,
    model: candidate.target.label,
    outcome: outcome instanceof GatewayError ? outcome.fault : outcome,
    durationMs: now - startedAt,
    contentParts,
    ...defined({
      status: isAccepted ? 200 : undefined,
      requestId,
      upstreamModel,
      usage,
      price: candidate.target.price,
      ...failure?.upstream,
      cause: failure?.cause instanceof Error ? codeOf(failure.cause) : undefined,
      cancelMs: cancelledAt === undefined ? undefined : now - cancelledAt,
    }),
  };
}

/** ECONNREFUSED and the like. Never a message: a parser's quotes the answer. */
function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
