import { ApiProperty } from '@nestjs/swagger';
import type { BreakerState } from '../../contract/generation.js';

class TargetFault {
  fault: string;
  at: Date;
}

/** One target, as this process sees it. */
export class TargetReport {
  /** `backend/model`. */
  id: string;
  backend: string;
  model: string;
  /** The public models that it answers for. */
  @ApiProperty({ type: [String] })
  models: readonly string[];
  /** Its backend is disabled in the configuration. */
  disabled: boolean;
  breaker: BreakerState;
  /** Until it may be asked again; absent where that is now. */
  allowedInMs?: number | undefined;
  /** Requests to it that run. */
  inFlight: number;
  /** Its part of the last 1,000 requests to upstreams, from 0 to 1. */
  share: number;
  lastFault?: TargetFault | undefined;
}

export class TargetList {
  @ApiProperty({ type: [TargetReport] })
  targets: readonly TargetReport[];
}
