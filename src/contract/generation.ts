import type { Caller } from './caller.js';
import type { Target } from './chat-backend.js';
import type { EndReason, Fault } from './faults.js';
import type { GatewayError } from './gateway-error.js';
import type { RequestTrace } from './request-trace.js';
import type { DialectName, FinishReason, Usage } from './stream-event.js';
import type { Wait, Waits } from './waits.js';

/** USD per million tokens. */
export interface Price {
  readonly input: number;
  /** Absent, here and below: as other input. */
  readonly cachedInput?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly output: number;
}

/** One request to one target. */
export interface AttemptRecord {
  readonly backend: string;
  /** The name of the model at the backend. */
  readonly model: string;
  /** `ok` = the target's answer was taken; `cancelled` = the caller left, or time was up, while it ran. */
  readonly outcome: 'ok' | 'cancelled' | Fault;
  /** The upstream's HTTP status, when there was one. */
  readonly status?: number | undefined;
  readonly durationMs: number;
  /** What the upstream calls the model that answered. */
  readonly upstreamModel?: string | undefined;
  /** The upstream's own request id. */
  readonly requestId?: string | undefined;
  /** The upstream's own codes and reasons, for the operator. */
  readonly code?: string | undefined;
  /** The words that its failure is known by. */
  readonly said?: string | undefined;
  /** The operator's account that the upstream named. */
  readonly account?: string | undefined;
  /** What the network said, for the operator. */
  readonly cause?: string | undefined;
  /** What the upstream reported that it used. */
  readonly usage?: Usage | undefined;
  /** Parts of content that it sent. */
  readonly contentParts: number;
  /** Of its target. */
  readonly price?: Price | undefined;
  /** Of a cancelled attempt: how long it took from the caller's leaving to the closed upstream connection. */
  readonly cancelMs?: number | undefined;
}

/**
 * `reported` by the upstreams; `counted` where one of them reported none: its output is counted in
 * parts, its input taken to be as long as another attempt's.
 */
export interface TokenCount {
  readonly tokens: number;
  readonly source: 'reported' | 'counted';
}

/** What all attempts of a generation together used (ADR 28); what is not known is absent, never 0. */
export interface Bill {
  readonly input?: TokenCount | undefined;
  readonly output?: TokenCount | undefined;
  readonly cachedInput?: number | undefined;
  readonly reasoning?: number | undefined;
  /** What the priced attempts cost, by the backend that is owed it. */
  readonly costsUsd: ReadonlyMap<string, number>;
}

/**
 * What became of an answer that broke off after its first content: `continued` by a target that was
 * given its beginning, `regenerated` and joined without a seam, `diverged` where a second answer
 * differed from the first, `failed` where nobody could take it up.
 */
export type RecoveryOutcome = (typeof RECOVERY_OUTCOMES)[number];
export const RECOVERY_OUTCOMES = ['continued', 'regenerated', 'diverged', 'failed'] as const;

/** What is known of a generation; complete once it has ended. Log, metrics and ledger read this one object. */
export interface GenerationRecord {
  /** Id of the stream, ours. */
  readonly id: string;
  readonly requestId: string;
  /** Of the request's body, as it was read; absent where it has none. */
  readonly requestBytes?: number | undefined;
  readonly startedAt: Date;
  /** What its request is part of, where that is known. */
  readonly trace?: RequestTrace | undefined;
  readonly caller: Caller;
  /** Where it calls from. */
  readonly address: string;
  /** The public name of the model. */
  readonly model: string;
  /** What its caller speaks. */
  readonly dialect: DialectName;
  readonly streaming: boolean;
  /** Those that are over. */
  readonly attempts: readonly AttemptRecord[];
  /** With the one that runs. */
  readonly attemptsBegun: number;
  /** Who is asked now, also before it answers. */
  readonly asking?: { readonly backend: string; readonly model: string } | undefined;
  /** Who answers, once someone does; of an answer that was taken up, who did so last. */
  readonly target?: { readonly backend: string; readonly model: string } | undefined;
  /** How each break of the answer was dealt with, in order. */
  readonly recoveries: readonly RecoveryOutcome[];
  /** How long it waited for room; absent when there was room. */
  readonly queuedMs?: number | undefined;
  /** Hints of the request that the target left out, by the caller's names. */
  readonly ignored: readonly string[];
  readonly endReason?: EndReason | undefined;
  readonly fault?: Fault | undefined;
  /** The failure behind `fault`. */
  readonly error?: GatewayError | undefined;
  readonly finishReason?: FinishReason | undefined;
  readonly usage?: Usage | undefined;
  /** Parts of content passed on. */
  readonly contentParts: number;
  /** Characters of content, of a whole answer as well. */
  readonly contentChars: number;
  /** Once it has ended. */
  readonly bill?: Bill | undefined;
  /** What it cost, once it has ended; absent where nothing that is known to have been used has a price. */
  readonly costUsd?: number | undefined;
  readonly timeToFirstContentMs?: number | undefined;
  /** Where its time went. */
  readonly waits: Waits;
  readonly durationMs: number;
}

/** Something about a target that its operator should hear of once; see `UpstreamNotices`. */
export type TargetNotice =
  | { readonly kind: 'unknown_finish_reason'; readonly word: string }
  | { readonly kind: 'implausible_usage' }
  /** What came before its first content was more than is held back: the rest of that was left out. */
  | { readonly kind: 'preamble_too_long' };

export type BreakerState = 'closed' | 'open' | 'half_open';

/** How generation tells of attempts and ends without knowing telemetry; the injection token has the same name. */
export interface GenerationObserver {
  generationStarted(record: GenerationRecord): void;
  attemptBegan(record: GenerationRecord, target: Target): void;
  /** Once for every generation that has content, when it is on its way to the caller. */
  contentBegan(record: GenerationRecord): void;
  /** A single wait was longer than `streams.stallMs`; it is over. */
  stalled(record: GenerationRecord, wait: Wait): void;
  attemptEnded(record: GenerationRecord, attempt: AttemptRecord): void;
  /** A backend sent something that is no event of its protocol; it was skipped. */
  malformedEvent(backend: string): void;
  /** A target did what is no failure, but no good sign either. */
  targetNoticed(target: Target, notice: TargetNotice): void;
  /** A target is left alone (`open`), is being probed (`half_open`), or is asked as usual again. */
  breakerChanged(target: Target, state: BreakerState, fault?: Fault): void;
  /** An answer that had broken off was taken up again, or was not. */
  recoveryEnded(record: GenerationRecord, outcome: RecoveryOutcome): void;
  /** Called exactly once for every generation, whatever its end. */
  generationEnded(record: GenerationRecord): void;
}
export const GenerationObserver = Symbol('GenerationObserver');
