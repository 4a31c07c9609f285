import type { ChatAnswer } from '../contract/chat-answer.js';
import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { ChunkBatch } from '../contract/stream-chunk.js';
import type { Place } from './admission.js';
import type { Failover } from './failover.js';
import type { GenerationRun } from './generation-run.js';
import type { GenerationScope } from './generation-scope.js';
import { Recovery, type Relayed } from './recovery.js';
import type { Route } from './route-table.js';

/** A generation that has been let in, or waits to be; what follows is its course. */
export interface Begun {
  readonly route: Route;
  readonly failover: Failover;
  readonly scope: GenerationScope;
  readonly record: GenerationRun;
  /** Room for it, once there is. */
  readonly place: Promise<Place>;
}

/** Its chunks, once there is room for it. Ends by throwing the `GatewayError` that ended it. */
export async function* streamBatches(
  begun: Begun,
  request: ChatRequest,
): AsyncGenerator<ChunkBatch> {
  const { failover, record, route } = begun;
  record.isRead = true;
  let relayed: Relayed | undefined;
  try {
    const place = await withRoom(begun);
    const { candidate, attempt } = await failover.answer(place, (next) => next.open(request));
    relayed = { candidate, attempt, batches: attempt.batches() };
    const recovery = Recovery.of(relayed, request, route.recovery, failover, place);
    while (relayed) {
      try {
        for await (const batch of relayed.batches) {
          record.passed(batch);
          recovery?.passed(batch);
          const last = batch.at(-1);
          if (last?.type !== 'end') {
            yield batch;
            continue;
          }
          const end = recovery?.ended(last) ?? last;
          relayed.attempt.finish();
          record.attemptEnded(relayed.attempt.record('ok'));
          record.completed(end.reason, end.usage);
          yield [...batch.slice(0, -1), end];
        }
        return;
      } catch (error) {
        const failure = failover.failed(relayed.attempt, error);
        relayed = await recovery?.takeUp(failure, relayed);
        if (!relayed) throw failure;
      }
    }
  } catch (error) {
    throw failed(begun, error);
  } finally {
    // The reader may also have stopped reading, without an error anywhere.
    if (relayed && !relayed.attempt.isOver) {
      relayed.attempt.abandon();
      failover.cancelled(relayed.attempt);
    }
    settle(begun);
  }
}

/** Its whole answer, once there is room for it. */
export async function wholeAnswer(begun: Begun, request: ChatRequest): Promise<ChatAnswer> {
  const { failover, record } = begun;
  try {
    const place = await withRoom(begun);
    const { attempt, answer } = await failover.answer(place, (next) => next.complete(request));
    attempt.finish();
    record.attemptEnded(attempt.record('ok'));
    record.completed(answer.finishReason, answer.usage);
    return answer;
  } catch (error) {
    throw failed(begun, error);
  } finally {
    settle(begun);
  }
}

/** Waits for room, and takes note of how long. */
async function withRoom({ place, record }: Begun): Promise<Place> {
  try {
    const taken = await place;
    if (taken.waitedMs !== undefined) record.queuedMs = taken.waitedMs;
    return taken;
  } catch (error) {
    // All it ever did was wait.
    record.queuedMs = record.durationMs;
    throw error;
  }
}

/** The error that the reader gets; recorded as the end, unless something else was it (see `settle`). */
function failed({ scope, record }: Begun, error: unknown): GatewayError {
  if (scope.isOver) return scope.fault;
  const failure = GatewayError.from(error);
  record.failed(failure);
  return failure;
}

/** Every generation ends here, once, whatever ended it. */
export function settle({ scope, record, place }: Begun): void {
  // A caller that leaves is nobody's failure.
  if (scope.isFailure) record.failed(scope.fault, scope.endReason);
  else record.end('client_closed');
  scope.dispose();
  place.then(
    (taken) => taken.leave(),
    // It never had one.
    () => undefined,
  );
}
