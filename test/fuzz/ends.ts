import type { EndedLine } from '../load/watched-sluice.js';
import { STREAMS } from './fuzz-config.js';
import { type Judgement, SLACK_MS } from './oracle.js';

/** Holds what the log says of a case against what its caller got. */
export function judgeEnds(view: Judgement['view'], lines: readonly EndedLine[]): string[] {
  const [line] = lines;
  if (line === undefined) {
    return view === 'whole' || view === 'failed' ? [`${view}, and the log has no line of it`] : [];
  }
  const { endReason, fault, durationMs } = line;
  const isDone = endReason === 'completed';
  const isInternal = endReason === 'internal_error' || fault === 'internal';
  return [
    ...(lines.length > 1 ? [`it ended ${lines.length} times`] : []),
    ...(isInternal ? ['it ended by an internal error'] : []),
    ...(view === 'whole' && !isDone ? [`a whole answer, the log says ${endReason}`] : []),
    ...(view === 'failed' && isDone ? ['a failure, the log says completed'] : []),
    ...(view === 'refused' && isDone ? ['an error, the log says completed'] : []),
    ...(durationMs > STREAMS.totalMs + SLACK_MS ? [`it lived for ${durationMs} ms`] : []),
  ];
}
