import { ApiProperty } from '@nestjs/swagger';
import type { RecoveryOutcome } from '../../contract/generation.js';
import type { WaitedFor } from '../../contract/waits.js';

class WaitReport {
  on: WaitedFor;
  /** From the start of the stream. */
  atMs: number;
  ms: number;
}

/** Those who were waited for. */
class WaitedMs {
  queue?: number | undefined;
  backoff?: number | undefined;
  connect?: number | undefined;
  first_content?: number | undefined;
  upstream?: number | undefined;
  caller?: number | undefined;
  sluice?: number | undefined;
}

class AttemptOfStream {
  /** `backend/model`. */
  target: string;
  /** `ok`, `cancelled`, or a fault. */
  outcome: string;
  /** The upstream's, when there was one. */
  status?: number | undefined;
  ms: number;
}

/** A stream without its single waits. Never what was asked, or answered. */
export class StreamSummary {
  /** Sluice's own: the ids of requests are their callers', and may come twice. */
  streamId: string;
  requestId: string;
  /** Of the trace that its request is part of. */
  traceId?: string | undefined;
  state: 'open' | 'ended';
  startedAt: Date;
  caller: string;
  address: string;
  dialect: string;
  /** The public name. */
  model: string;
  /** Who is asked now, `backend/model`, also before it answers. */
  asking?: string | undefined;
  /** Who answers, `backend/model`. */
  target?: string | undefined;
  streaming: boolean;
  endReason?: string | undefined;
  fault?: string | undefined;
  finishReason?: string | undefined;
  durationMs: number;
  timeToFirstContentMs?: number | undefined;
  inputTokens?: number | undefined;
  outputTokens?: number | undefined;
  costUsd?: number | undefined;
  contentParts: number;
  contentChars: number;
  requestBytes?: number | undefined;
  queuedMs?: number | undefined;
  @ApiProperty({ type: [String], required: false })
  recoveries?: readonly RecoveryOutcome[] | undefined;
  @ApiProperty({ type: [AttemptOfStream] })
  attempts: readonly AttemptOfStream[];
  /** Where the time went, in milliseconds, by whom was waited for. */
  waitedMs: WaitedMs;
  /** The longest single wait. */
  longestGapMs?: number | undefined;
  longestGapOn?: WaitedFor | undefined;
  /** While it is open. */
  waitingFor?: WaitReport | undefined;
}

export class StreamDetails extends StreamSummary {
  /** The 32 longest, in their order. */
  @ApiProperty({ type: [WaitReport] })
  waits: readonly WaitReport[];
}

export class StreamList {
  /** The youngest first; open ones before ended ones. */
  @ApiProperty({ type: [StreamSummary] })
  streams: readonly StreamSummary[];
}

export class ClosedStreams {
  /** How many were open, and are ended now. */
  closed: number;
}
