import type { ChatAnswer } from '../../contract/chat-answer.js';
import type { AttemptContext, ChatBackend } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import type { AttemptRecord } from '../../contract/generation.js';
import type { EventBatch } from '../../contract/event-batch.js';
import type { BreakerCall } from '../health/breaker.js';
import { PausableTimeout } from './pausable-timeout.js';
import type { GenerationRecorder } from '../generation-recorder.js';
import { Preamble } from './preamble.js';
import type { RouteTarget } from '../routing/route-table.js';

/** One request to one target. */
export class Attempt {
  readonly #startedAt = performance.now();
  #isOver = false;
  #contentParts = 0;
  readonly #abort = new AbortController();
  readonly #onScopeAbort = () => {
    this.#cancelledAt = performance.now();
    this.#abort.abort(this.scope.reason);
  };
  readonly #context: AttemptContext;
  readonly #timeout: PausableTimeout;
  readonly #preamble: Preamble;
  #batches: AsyncIterator<EventBatch> | undefined;
  #accepted = false;
  #requestId: string | undefined;
  #cancelledAt: number | undefined;
  /** Begins the wait for an answer, once there is someone to wait for. */
  #onRequestSent = () => {};

  /** @param breakerCall what its outcome means for the target's breaker; whoever learns of it says so there */
  constructor(
    private readonly backend: ChatBackend,
    readonly target: RouteTarget,
    private readonly scope: AbortSignal,
    readonly breakerCall: BreakerCall,
    run: GenerationRecorder,
    private readonly isLast: boolean,
  ) {
    this.#context = {
      signal: this.#abort.signal,
      requestSent: () => this.#onRequestSent(),
      malformedEvent: () => run.malformedEvent(target.backend),
      unknownFinishReason: (word) =>
        run.targetNoticed(target, { kind: 'unknown_finish_reason', word }),
      implausibleUsage: () => run.targetNoticed(target, { kind: 'implausible_usage' }),
    };
    this.#preamble = new Preamble(() => run.targetNoticed(target, { kind: 'preamble_too_long' }));
    this.#timeout = new PausableTimeout((error) => this.#abort.abort(error));
    if (scope.aborted) this.#onScopeAbort();
    else scope.addEventListener('abort', this.#onScopeAbort, { once: true });
  }

  /** Parts of content that it sent. */
  get contentParts(): number {
    return this.#contentParts;
  }

  /** It was finished or abandoned. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** What there is to tell of it, now that its outcome is known. */
  record(outcome: AttemptRecord['outcome'], failure?: GatewayError): AttemptRecord {
    const { backend, model } = this.target;
    const { cause } = failure ?? {};
    return {
      backend,
      model,
      outcome,
      durationMs: performance.now() - this.#startedAt,
      ...(this.#accepted && { status: 200 }),
      ...(this.#requestId && { requestId: this.#requestId }),
      ...failure?.upstream,
      ...(cause instanceof Error && { cause: codeOf(cause) }),
      ...(this.#cancelledAt !== undefined && {
        cancelMs: performance.now() - this.#cancelledAt,
      }),
    };
  }

  /**
   * Opens the stream and reads up to the first content (or the end of an empty answer).
   * @throws GatewayError whatever kept the target from answering
   */
  async open(request: ChatRequest): Promise<void> {
    const { firstTokenMs, lastFirstTokenMs, idleMs } = this.target.deadlines;
    this.#waitForAnswer(this.isLast ? lastFirstTokenMs : firstTokenMs);
    try {
      const batches = await this.backend.open(request, this.target, this.#context);
      this.#accepted = true;
      this.#timeout.pause();
      this.#batches = batches[Symbol.asyncIterator]();
      for (let isAnswer = false; !isAnswer;) {
        const batch = await this.#pull();
        if (batch.start) this.#requestId = batch.start.requestId;
        isAnswer = batch.contentParts > 0 || batch.end !== undefined;
        this.#preamble.add(batch, isAnswer);
      }
      this.#timeout.start(idleMs, () => this.#silent('idle_timeout', idleMs));
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** All events, `start` to `end`, after `open`. */
  async *batches(): AsyncGenerator<EventBatch> {
    let batch: EventBatch = this.#preamble.take();
    try {
      for (;;) {
        if (batch.contentParts > 0) this.#timeout.restart();
        this.#contentParts += batch.contentParts;
        yield batch;
        if (batch.end) return;
        batch = await this.#pull();
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The whole answer of a plain request. */
  async complete(request: ChatRequest): Promise<ChatAnswer> {
    this.#waitForAnswer(this.target.deadlines.answerMs);
    try {
      const answer = await this.backend.complete(request, this.target, this.#context);
      this.#accepted = true;
      this.#requestId = answer.requestId;
      return answer;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** The answer is whole: the connection may serve the next request. */
  finish(): void {
    this.#release();
    this.#batches?.return?.().catch(() => undefined);
  }

  /** Closes the upstream connection, whatever it is doing. */
  abandon(): void {
    this.#release();
    this.#abort.abort(new GatewayError('internal', 'This attempt was given up.'));
    this.#batches?.return?.().catch(() => undefined);
  }

  /** From when the request is written: until then the connection has a deadline of its own. */
  #waitForAnswer(ms: number): void {
    this.#onRequestSent = () => {
      if (this.#isOver) return;
      this.#timeout.start(ms, () => this.#silent('first_token_timeout', ms));
      this.#timeout.resume();
    };
  }

  #release(): void {
    this.#isOver = true;
    this.#timeout.stop();
    this.scope.removeEventListener('abort', this.#onScopeAbort);
  }

  async #pull(): Promise<EventBatch> {
    this.#timeout.resume();
    const { done, value } = await this.#batches!.next();
    this.#timeout.pause();
    if (done) throw this.#cut();
    return value;
  }

  /** A deadline of ours shows as a broken connection; the reason of the abort says what it was. */
  #failed(error: unknown): GatewayError {
    const { aborted, reason } = this.#abort.signal;
    this.abandon();
    return GatewayError.from(aborted ? reason : error);
  }

  #silent(fault: 'first_token_timeout' | 'idle_timeout', ms: number): GatewayError {
    const what = fault === 'idle_timeout' ? 'stopped sending' : 'sent no answer';
    return new GatewayError(fault, `Backend "${this.backend.id}" ${what} for ${ms} ms.`);
  }

  /** A backend whose events end without an `end`. */
  #cut(): GatewayError {
    return new GatewayError('upstream_cut');
  }
}

/** ECONNREFUSED and the like. Never a message: a parser's quotes the answer. */
function codeOf(cause: Error): string {
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name;
}
