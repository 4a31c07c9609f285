import type { ChatRequest } from '../../contract/chat-request.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { GatewayError } from '../../contract/gateway-error.js';
import type { EndPart } from '../../contract/stream-event.js';
import type { Attempt } from '../attempt/attempt.js';
import type { NextBatch } from '../attempt/first-content.js';
import type { Attempts } from '../attempt/attempts.js';
import type { GenerationLifetime } from '../generation-lifetime.js';
import type { GenerationRecorder } from '../generation-recorder.js';
import type { ActiveAttempt, Recovery } from './recovery.js';
import type { RecoveryOption, RecoveryOptions } from './recovery-options.js';
import { SentText } from './sent-text.js';
import { spliceContinued, spliceRegenerated } from './splice.js';

/**
 * Takes up an answer of text that broke off: first by a target that continues it when it is given
 * the beginning, else by one that generates it again and is read in silence while it repeats what
 * the caller has. The caller sees one answer without a seam, or the failure of the break.
 */
export class SplicedRecovery implements Recovery {
  readonly #sentText: SentText;
  #brokenAttempts = 0;
  #brokenParts = 0;

  constructor(
    private readonly request: ChatRequest,
    private readonly options: RecoveryOptions,
    private readonly attempts: Attempts,
    private readonly recorder: GenerationRecorder,
    private readonly lifetime: GenerationLifetime,
    maxBytes: number,
  ) {
    this.#sentText = new SentText(maxBytes);
  }

  noteSent(batch: EventBatch): void {
    this.#sentText.add(batch);
  }

  async resume(failure: GatewayError, broken: Attempt): Promise<ActiveAttempt> {
    this.#count(broken);
    const said = this.#sentText.text;
    if (said === undefined || this.lifetime.signal.aborted || !failure.mayFallBack) throw failure;
    for (;;) {
      const option = await this.options.take(broken.candidate);
      if (!option) break;
      const isLast = this.options.isExhausted(broken.candidate);
      const attempt = this.attempts.begin(option.candidate, isLast);
      const next = await this.#splice(attempt, option, said);
      if (next === 'failed') continue;
      this.recorder.recoveryEnded(next === 'diverged' ? next : option.outcome);
      if (next === 'diverged') throw failure;
      this.recorder.answeredBy(option.candidate);
      return { attempt, next };
    }
    this.recorder.recoveryEnded('failed');
    throw failure;
  }

  /** One that broke off reported nothing: its output is counted in parts, and its prompt is taken to be as long as the last one's. */
  withTotalUsage(end: EndPart): EndPart {
    const { usage } = end;
    if (this.#brokenAttempts === 0 || !usage) return end;
    const { input, output, ...details } = usage;
    return {
      ...end,
      usage: {
        ...details,
        input: input === undefined ? undefined : input * (1 + this.#brokenAttempts),
        output: output === undefined ? undefined : output + this.#brokenParts,
      },
    };
  }

  /**
   * Opens `attempt` for what follows `said`.
   * @throws GatewayError when the generation is over
   */
  async #splice(
    attempt: Attempt,
    { outcome }: RecoveryOption,
    said: string,
  ): Promise<NextBatch | 'diverged' | 'failed'> {
    const next = () => attempt.next();
    try {
      await attempt.open(outcome === 'continued' ? this.#rest(said) : this.request);
      this.attempts.answered(attempt);
      if (outcome === 'continued') return spliceContinued(next);
      const rest = await spliceRegenerated(next, said);
      if (rest) return rest;
    } catch (error) {
      const failure = this.attempts.endFailed(attempt, error);
      this.#count(attempt);
      if (this.lifetime.signal.aborted) throw failure;
      return 'failed';
    }
    this.attempts.end(attempt, 'cancelled');
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
