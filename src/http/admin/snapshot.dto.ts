import { ApiProperty } from '@nestjs/swagger';
import { StreamSummary } from './stream.dto.js';
import { TargetReport } from './target.dto.js';

class Room {
  inUse: number;
  /** `limits.streams`. */
  limit: number;
}

class Queue {
  length: number;
  /** `limits.queue.size`. */
  limit: number;
}

class ProcessReport {
  slots: Room;
  queue: Queue;
  /** It takes nobody new. */
  isDraining: boolean;
}

/** What an operator sees at a glance. */
export class AdminSnapshot {
  at: Date;
  process: ProcessReport;
  /** Open ones, the youngest first, of more than 100 those that wait for longest; then the 50 that ended last. */
  @ApiProperty({ type: [StreamSummary] })
  streams: readonly StreamSummary[];
  @ApiProperty({ type: [TargetReport] })
  targets: readonly TargetReport[];
}
