import type { Caller } from '../contract/caller.js';
import type { Target } from '../contract/chat-backend.js';
import type { EndReason, Fault } from '../contract/faults.js';
import type { GatewayError } from '../contract/gateway-error.js';
import type {
  AttemptRecord,
  Bill,
  GenerationObserver,
  GenerationRecord,
  RecoveryOutcome,
  TargetNotice,
} from '../contract/generation.js';
import { type ChatAnswer, contentCharsOf } from '../contract/chat-answer.js';
import type { EventBatch } from '../contract/event-batch.js';
import type { RequestTrace } from '../contract/request-trace.js';
import type { DialectName, FinishReason, Usage } from '../contract/stream-event.js';
import type { Permit } from './admission/permit.js';
import { billOf, totalUsd } from './bill.js';
import type { CallerContext } from './caller-context.js';
import type { EventLoopDelay } from './event-loop-delay.js';
import type { Candidate } from './routing/candidates.js';
import type { ModelRoute } from './routing/route-table.js';
import { WaitClock } from './wait-clock.js';

/** The record of one generation while it is being written, and the only one who writes it. */
export class GenerationRecorder implements GenerationRecord {
  readonly requestId: string;
  readonly requestBytes: number | undefined;
  readonly startedAt = new Date();
  readonly trace: RequestTrace | undefined;
  readonly model: string;
  readonly caller: Caller;
  readonly dialect: DialectName;
  readonly address: string;
  readonly attempts: AttemptRecord[] = [];
  attemptsBegun = 0;
  asking?: Target | undefined;
  target?: { readonly backend: string; readonly model: string };
  readonly recoveries: RecoveryOutcome[] = [];
  ignored: readonly string[] = [];
  endReason?: EndReason;
  fault?: Fault;
  error?: GatewayError;
  finishReason?: FinishReason;
  usage?: Usage;
  contentParts = 0;
  contentChars = 0;
  bill?: Bill;
  costUsd?: number | undefined;
  timeToFirstContentMs?: number;
  readonly waits: WaitClock;
  readonly #startedAt = performance.now();
  #durationMs: number | undefined;
  #isClosed = false;
  /** Its permit, which may wait more than once. */
  #waits: Pick<Permit, 'waitedMs'> = { waitedMs: undefined };

  constructor(
    readonly id: string,
    { model, streams }: ModelRoute,
    readonly streaming: boolean,
    private readonly call: CallerContext,
    private readonly observer: GenerationObserver,
    eventLoop: EventLoopDelay,
  ) {
    this.model = model;
    this.requestId = call.requestId;
    this.requestBytes = call.requestBytes;
    this.trace = call.trace;
    this.caller = call.caller;
    this.dialect = call.dialect;
    this.address = call.address;
    this.waits = new WaitClock(this.#startedAt, streams.stallMs, eventLoop, (wait) =>
      observer.stalled(this, wait),
    );
    observer.generationStarted(this);
  }

  get durationMs(): number {
    return this.#durationMs ?? performance.now() - this.#startedAt;
  }

  get queuedMs(): number | undefined {
    return this.#waits.waitedMs;
  }

  admitted(permit: Permit): void {
    this.#waits = permit;
  }

  /** There was no room for it: all it ever did was wait. */
  notAdmitted(): void {
    this.#waits = { waitedMs: this.durationMs };
  }

  attemptBegan(target: Target): void {
    this.attemptsBegun += 1;
    this.asking = target;
    this.observer.attemptBegan(this, target);
  }

  answeredBy({ target, ignored }: Candidate): void {
    this.target = { backend: target.backend, model: target.label };
    this.ignored = ignored;
  }

  attemptEnded(attempt: AttemptRecord): void {
    this.attempts.push(attempt);
    this.asking = undefined;
    this.observer.attemptEnded(this, attempt);
  }

  malformedEvent(backend: string): void {
    this.observer.malformedEvent(backend);
  }

  targetNoticed(target: Target, notice: TargetNotice): void {
    this.observer.targetNoticed(target, notice);
  }

  recoveryEnded(outcome: RecoveryOutcome): void {
    this.recoveries.push(outcome);
    this.observer.recoveryEnded(this, outcome);
  }

  /** Takes note of events on their way to the caller. */
  noteBatch(batch: EventBatch): void {
    if (batch.contentParts === 0) return;
    this.contentParts += batch.contentParts;
    this.contentChars += batch.contentChars;
    if (this.timeToFirstContentMs !== undefined) return;
    this.timeToFirstContentMs = this.durationMs;
    this.observer.contentBegan(this);
  }

  /** The same of a whole answer, which has no parts. */
  noteAnswer(answer: ChatAnswer): void {
    this.contentChars = contentCharsOf(answer);
  }

  /** The upstream said that the answer is whole; its last batch is still to be read. */
  recordCompletion(finishReason: FinishReason, usage: Usage | undefined): void {
    this.finishReason = finishReason;
    if (usage) this.usage = usage;
    this.#end('completed');
  }

  /** The first end stays. A caller that leaves is an end, and no fault. */
  recordFailure(error: GatewayError): void {
    if (this.endReason === undefined) this.#fail(error);
  }

  /** The answer could not be written: where the upstream had said all of it, no caller has it whole. */
  recordUnwritten(error: GatewayError): void {
    if (this.endReason === 'completed' && !this.#isClosed) this.#fail(error);
  }

  #fail(error: GatewayError): void {
    if (error.fault !== 'client_closed') {
      this.fault = error.fault;
      this.error = error;
    }
    this.#end(error.endReason);
  }

  /** Nothing is added to it any more: it is told as it is, once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.observer.generationEnded(this);
    this.call.onEnd?.(this);
  }

  #end(reason: EndReason): void {
    this.endReason = reason;
    if (this.#durationMs === undefined) {
      const now = performance.now();
      this.#durationMs = now - this.#startedAt;
      this.waits.stop(now);
    }
    this.bill = billOf(this.attempts);
    this.costUsd = totalUsd(this.bill);
  }
}
