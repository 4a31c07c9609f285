import type { RecordedStream } from '../../telemetry/flight-recorder.js';
import type { StreamSummary } from './stream.dto.js';

/** What a list says of a stream: its single waits would make most of it. */
export function toSummary({ waits: _waits, ...summary }: RecordedStream): StreamSummary {
  return summary;
}
