import type { Tracer } from '@opentelemetry/api';
import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { Target } from '../../contract/chat-backend.js';
import type {
  AttemptRecord,
  GenerationObserver,
  GenerationRecord,
  RecoveryOutcome,
} from '../../contract/generation.js';
import type { Wait } from '../../contract/waits.js';
import type { CallerTrace } from './caller-trace.js';
import { RequestSpans } from './request-spans.js';
import type { ArrivedRequest } from './span-attributes.js';

/** Spans of requests and of what is generated for them. Its modules are loaded where spans are sent, and nowhere else. */
export class Tracing implements Partial<GenerationObserver> {
  /** @param close sends what waits, for as long as that may take */
  constructor(
    private readonly tracer: Tracer,
    readonly close: () => Promise<void>,
  ) {}

  /** @param config the snapshot that the request begins with */
  requestArrived(
    request: ArrivedRequest,
    config: GatewayConfig,
    caller: CallerTrace | undefined,
  ): RequestSpans {
    return new RequestSpans(this.tracer, config, request, caller);
  }

  generationStarted(record: GenerationRecord): void {
    spansOf(record)?.generationStarted();
  }

  attemptBegan(record: GenerationRecord, target: Target): void {
    spansOf(record)?.attemptBegan(record, target);
  }

  contentBegan(record: GenerationRecord): void {
    spansOf(record)?.contentBegan();
  }

  stalled(record: GenerationRecord, wait: Wait): void {
    spansOf(record)?.stalled(wait);
  }

  attemptEnded(record: GenerationRecord, attempt: AttemptRecord): void {
    spansOf(record)?.attemptEnded(attempt);
  }

  recoveryEnded(record: GenerationRecord, outcome: RecoveryOutcome): void {
    spansOf(record)?.recoveryEnded(outcome);
  }

  generationEnded(record: GenerationRecord): void {
    spansOf(record)?.generationEnded(record);
  }
}

function spansOf({ trace }: GenerationRecord): RequestSpans | undefined {
  return trace instanceof RequestSpans ? trace : undefined;
}
