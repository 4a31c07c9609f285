import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { Target } from '../../contract/chat-backend.js';
import type { AttemptRecord, GenerationRecord } from '../../contract/generation.js';
import type { RequestTrace, TraceHeaders } from '../../contract/request-trace.js';
import type { Wait } from '../../contract/waits.js';
import { type CallerTrace, traceHeaders } from './caller-trace.js';
import {
  type ArrivedRequest,
  attemptEndAttributes,
  backendAttributes,
  generationAttributes,
  requestAttributes,
  requestSpanName,
  responseAttributes,
  type SentResponse,
} from './span-attributes.js';

/** An attempt's span, with what is said of it when its generation has ended. */
interface AttemptSpan {
  readonly span: Span;
  readonly target: string;
  readonly startedAt: number;
  /** Its answer was taken: of a whole one the finish reason is still to come. */
  endedAt?: number | undefined;
}

/*
 * Attributes are set on spans that were begun without any: the SDK looks twice at those that it
 * begins with.
 */

/** The span of one request and, below it, those of the attempts that its generation makes. */
export class RequestSpans implements RequestTrace {
  readonly traceId: string;
  readonly #span: Span;
  readonly #context: Context;
  #attempt: AttemptSpan | undefined;
  /** The attempt before, where it failed. */
  #failed: { readonly target: string; readonly outcome: string } | undefined;
  #hasContent = false;
  #isRunning = false;
  /** Of its generation, once that has ended. */
  #record: GenerationRecord | undefined;
  #sent: { readonly response: SentResponse; readonly at: number } | undefined;

  /** @param caller the trace that its caller says it is part of */
  constructor(
    private readonly tracer: Tracer,
    private readonly config: GatewayConfig,
    private readonly request: ArrivedRequest,
    caller: CallerTrace | undefined,
  ) {
    const parent = caller ? contextOf(caller) : ROOT_CONTEXT;
    this.#span = tracer.startSpan(requestSpanName(request), { kind: SpanKind.SERVER }, parent);
    this.#context = trace.setSpan(parent, this.#span);
    this.traceId = this.#span.spanContext().traceId;
  }

  headers(): TraceHeaders {
    const span = this.#attempt?.span ?? this.#span;
    const { traceId, spanId, traceFlags, traceState } = span.spanContext();
    const isSampled = (traceFlags & TraceFlags.SAMPLED) !== 0;
    return traceHeaders(traceId, spanId, isSampled, traceState?.serialize());
  }

  /** The response is closed. What its generation still has to say of itself comes after that. */
  closed(response: SentResponse): void {
    this.#sent = { response, at: performance.now() };
    if (!this.#isRunning) this.#end();
  }

  generationStarted(): void {
    this.#isRunning = true;
  }

  attemptBegan(record: GenerationRecord, { backend, model }: Target): void {
    const target = `${backend}/${model}`;
    this.#tellOfFallback(target);
    const span = this.tracer.startSpan(`chat ${model}`, { kind: SpanKind.CLIENT }, this.#context);
    span.setAttributes(backendAttributes(this.config).get(backend) ?? {});
    span.setAttribute('gen_ai.request.model', model);
    span.setAttribute('gen_ai.request.stream', record.streaming);
    this.#attempt = { span, target, startedAt: performance.now() };
  }

  contentBegan(): void {
    this.#hasContent = true;
    this.#span.addEvent('sluice.first_content');
    const attempt = this.#attempt;
    if (!attempt) return;
    const seconds = (performance.now() - attempt.startedAt) / 1000;
    attempt.span.setAttribute('gen_ai.response.time_to_first_chunk', seconds);
  }

  stalled({ on, ms }: Wait): void {
    this.#span.addEvent('sluice.stall', { 'sluice.waited_on': on, 'sluice.waited_ms': ms });
  }

  attemptEnded(record: AttemptRecord): void {
    const attempt = this.#attempt;
    if (!attempt) return;
    const { outcome } = record;
    const { span, target } = attempt;
    span.setAttributes(attemptEndAttributes(record));
    if (outcome === 'ok') {
      attempt.endedAt = performance.now();
      return;
    }
    this.#attempt = undefined;
    if (outcome !== 'cancelled') {
      span.setStatus({ code: SpanStatusCode.ERROR });
      this.#failed = { target, outcome };
      if (this.#hasContent) this.#tell('sluice.cut', { target, outcome });
    }
    span.end();
  }

  recoveryEnded(outcome: string): void {
    this.#span.addEvent('sluice.recovery', { 'sluice.recovery.outcome': outcome });
  }

  generationEnded(record: GenerationRecord): void {
    const { finishReason } = record;
    this.#isRunning = false;
    this.#record = record;
    const attempt = this.#attempt;
    if (attempt) {
      if (finishReason) attempt.span.setAttribute('gen_ai.response.finish_reasons', [finishReason]);
      attempt.span.end(attempt.endedAt);
      this.#attempt = undefined;
    }
    this.#end();
  }

  /** Once its response is closed and its generation, if it began one, has ended. */
  #end(): void {
    if (!this.#sent) return;
    const { response, at } = this.#sent;
    const fault = response.fault ?? this.#record?.fault;
    this.#span.setAttributes(requestAttributes(this.request));
    this.#span.setAttributes(responseAttributes(response, fault));
    if (this.#record) this.#span.setAttributes(generationAttributes(this.#record));
    // A status that blames the caller is no error of this service.
    const isOurs = fault !== undefined && !isCallersFault(response);
    if (isOurs) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end(at);
  }

  /** After first content it is a recovery, which says of itself how it ended. */
  #tellOfFallback(target: string): void {
    const failed = this.#failed;
    if (!failed || this.#hasContent) return;
    if (failed.target === target) this.#tell('sluice.retry', failed);
    else this.#tell('sluice.fallback', failed, { 'sluice.fallback.target': target });
  }

  #tell(name: string, failed: { target: string; outcome: string }, more: Attributes = {}): void {
    const { target, outcome } = failed;
    this.#span.addEvent(name, { 'sluice.target': target, 'error.type': outcome, ...more });
  }
}

function isCallersFault({ status = 0 }: SentResponse): boolean {
  return status >= 400 && status <= 499;
}

function contextOf({ traceId, spanId, isSampled, state }: CallerTrace): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  });
}
