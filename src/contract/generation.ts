import type { EndReason, Fault, GatewayError } from './gateway-error.js';
import type { FinishReason, Usage } from './stream-chunk.js';

/** One request to one target. */
export interface AttemptRecord {
  readonly backend: string;
  /** The name of the model at the backend. */
  readonly model: string;
  /** `ok` = the target's answer was taken; `cancelled` = the caller left, or time was up, while it ran. */
  readonly outcome: 'ok' | 'cancelled' | Fault;
  /** The upstream's HTTP status, when there was one. */
  readonly status?: number;
  readonly durationMs: number;
  /** The upstream's own request id. */
  readonly requestId?: string;
  /** What the network said, for the operator. */
  readonly cause?: string;
}

/** What is known of a generation; complete once it has ended. Log, metrics and later the ledger read this one object. */
export interface GenerationRecord {
  /** Id of the stream, ours. */
  readonly id: string;
  readonly requestId: string;
  readonly caller: string;
  /** The public name of the model. */
  readonly model: string;
  readonly streaming: boolean;
  readonly attempts: readonly AttemptRecord[];
  /** Who answers, once someone does. */
  readonly target?: { readonly backend: string; readonly model: string };
  /** Hints of the request that the target left out, by the caller's names. */
  readonly ignored: readonly string[];
  readonly endReason?: EndReason;
  readonly fault?: Fault;
  /** The failure behind `fault`. */
  readonly error?: GatewayError;
  readonly finishReason?: FinishReason;
  readonly usage?: Usage;
  /** Chunks of content passed on: what is counted when the upstream reports no usage. */
  readonly contentChunks: number;
  readonly timeToFirstContentMs?: number;
  readonly durationMs: number;
}

/** How generation tells of attempts and ends without knowing telemetry; the injection token has the same name. */
export interface GenerationObserver {
  generationStarted(record: GenerationRecord): void;
  attemptEnded(record: GenerationRecord, attempt: AttemptRecord): void;
  /** Called exactly once for every generation, whatever its end. */
  generationEnded(record: GenerationRecord): void;
}
export const GenerationObserver = Symbol('GenerationObserver');
