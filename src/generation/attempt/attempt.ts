import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, UpstreamNotices } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { RequestTrace } from '../../contract/request-trace.js';
import type { Usage } from '../../contract/stream-event.js';
import type { BreakerCall } from '../health/breaker.js';
import type { Candidate } from '../routing/candidates.js';
import type { WaitClock } from '../wait-clock.js';
import { firstContent } from './first-content.js';
import { PausableTimeout } from './pausable-timeout.js';

/** What an attempt's target did that is neither content nor failure. */
export interface AttemptNotices extends UpstreamNotices {
  /** What came before its first content was more than is held back. */
  preambleTooLong(): void;
}

/**
 * One request to one target, within its deadlines. It throws `GatewayError`s and changes nothing but
 * itself; what its outcome means for others is for `Attempts` to tell.
 */
export class Attempt {
  readonly startedAt = performance.now();
  /** When its generation was over before the attempt was. */
  cancelledAt: number | undefined;
  /** The upstream answered with 200. */
  isAccepted = false;
  /** The upstream's own id of the request. */
  requestId: string | undefined;
  /** What the upstream calls its model. */
  upstreamModel: string | undefined;
  /** What the upstream reported that it used. */
  usage: Usage | undefined;
  /** Parts of content that it sent. */
  contentParts = 0;
  isOver = false;
  readonly #abort = new AbortController();
  readonly #timeout = new PausableTimeout((error) => this.#abort.abort(error));
  readonly #onGenerationOver = () => {
    this.cancelledAt = performance.now();
    this.#abort.abort(this.generationOver.reason);
  };
  #batches: AsyncIterator<EventBatch> | undefined;
  /** What the next read waits for. */
  #awaited: 'first_content' | 'upstream' = 'first_content';
  /** Everything up to the first content, until it is handed on. */
  #held: EventBatch | undefined;

  /**
   * @param generationOver aborts it; its reason is why the generation is over
   * @param breakerCall what its outcome means for the target's breaker
   * @param isLast no other target may be asked when this one stays silent
   * @param waits the generation's, which waits for this attempt from here on
   * @param trace what it is part of
   */
  constructor(
    readonly candidate: Candidate,
    private readonly generationOver: AbortSignal,
    readonly breakerCall: BreakerCall,
    private readonly notices: AttemptNotices,
    private readonly isLast: boolean,
    private readonly waits: WaitClock,
    private readonly trace: RequestTrace | undefined,
  ) {
    waits.attemptBegan(candidate.target.backend);
    if (generationOver.aborted) this.#onGenerationOver();
    else generationOver.addEventListener('abort', this.#onGenerationOver, { once: true });
  }

  /**
   * Opens the stream and reads up to its first content, or to the end of an empty answer.
   * @throws GatewayError whatever kept the target from answering
   */
  async open(request: ChatRequest): Promise<void> {
    const { target, backend } = this.candidate;
    const { firstTokenMs, lastFirstTokenMs, idleMs } = target.deadlines;
    const context = this.#waitingFor(this.isLast ? lastFirstTokenMs : firstTokenMs);
    try {
      const batches = await backend.open(request, target, context);
      this.isAccepted = true;
      this.#timeout.pause(performance.now());
      this.#batches = batches[Symbol.asyncIterator]();
      const onTooLong = () => this.notices.preambleTooLong();
      this.#held = await firstContent(() => this.#pull(), onTooLong);
      this.#awaited = 'upstream';
      this.#timeout.start(idleMs, () => this.#silent('idle_timeout', idleMs));
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      this.waits.begin('sluice');
    }
  }

  /**
   * The next batch, after `open`. There is none after the one that has the end.
   * @throws GatewayError whatever broke the answer off
   */
  next(): Promise<EventBatch> {
    const held = this.#held;
    if (!held) return this.#pull();
    this.#held = undefined;
    return Promise.resolve(held);
  }

  /** The whole answer of a plain request. */
  async complete(request: ChatRequest): Promise<ChatAnswer> {
    const { target, backend } = this.candidate;
    const context = this.#waitingFor(target.deadlines.answerMs);
    try {
      const answer = await backend.complete(request, target, context);
      this.isAccepted = true;
      this.requestId = answer.requestId;
      this.upstreamModel = answer.model;
      this.usage = answer.usage;
      return answer;
    } catch (error) {
      throw this.#failureOf(error);
    } finally {
      this.waits.begin('sluice');
    }
  }

  /** The answer is whole: the connection may serve the next request. */
  close(): void {
    this.isOver = true;
    this.#timeout.stop();
    this.generationOver.removeEventListener('abort', this.#onGenerationOver);
    this.#batches?.return?.().catch(() => undefined);
  }

  /** Closes the upstream connection, whatever it is doing. */
  abort(): void {
    this.#abort.abort(new GatewayError('internal', 'This attempt was given up.'));
    this.close();
  }

  /** The deadline begins when the request is written: until then the connection has one of its own. */
  #waitingFor(ms: number): AttemptContext {
    const requestSent = () => {
      if (this.isOver) return;
      const now = performance.now();
      this.waits.begin('first_content', now);
      this.#timeout.start(ms, () => this.#silent('first_token_timeout', ms));
      this.#timeout.resume(now);
    };
    const { notices, trace } = this;
    return { notices, trace, signal: this.#abort.signal, requestSent };
  }

  async #pull(): Promise<EventBatch> {
    try {
      // The clock is read twice for each batch, for the deadline and for the account of waits alike.
      const begun = performance.now();
      this.#timeout.resume(begun);
      this.waits.begin(this.#awaited, begun);
      const { done, value: batch } = await this.#batches!.next();
      const ended = performance.now();
      this.#timeout.pause(ended);
      // Pings end no wait.
      if (batch?.contentParts === 0) this.waits.interrupt(ended);
      else this.waits.begin('sluice', ended);
      if (done) throw new GatewayError('upstream_cut');
      if (batch.start) {
        this.requestId = batch.start.requestId;
        this.upstreamModel = batch.start.model;
      }
      if (batch.end) this.usage = batch.end.usage;
      if (batch.contentParts > 0) {
        this.#timeout.restart();
        this.contentParts += batch.contentParts;
      }
      return batch;
    } catch (error) {
      this.waits.begin('sluice');
      throw this.#failureOf(error);
    }
  }

  /** A deadline of ours shows as a broken connection; the reason of the abort says what it was. */
  #failureOf(error: unknown): GatewayError {
    const { aborted, reason } = this.#abort.signal;
    return GatewayError.from(aborted ? reason : error);
  }

  #silent(fault: 'first_token_timeout' | 'idle_timeout', ms: number): GatewayError {
    const what = fault === 'idle_timeout' ? 'stopped sending' : 'sent no answer';
    return new GatewayError(fault, `Backend "${this.candidate.backend.id}" ${what} for ${ms} ms.`);
  }
}
