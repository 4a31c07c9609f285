import type { ChatAnswer } from '../contract/chat-answer.js';
import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import type { EventBatch } from '../contract/event-batch.js';
import type { Permit } from './admission/permit.js';
import type { Failover } from './attempt/failover.js';
import type { GenerationRecorder } from './generation-recorder.js';
import type { GenerationLifetime } from './generation-lifetime.js';
import { Recovery, type ActiveAttempt } from './recovery/recovery.js';
import type { Route } from './routing/route-table.js';

/** A generation that has been let in, or waits to be; what follows is its course. */
export interface GenerationContext {
  readonly route: Route;
  readonly failover: Failover;
  readonly lifetime: GenerationLifetime;
  readonly recorder: GenerationRecorder;
  /** Room for it, once there is. */
  readonly permit: Promise<Permit>;
}

/** Its events, once there is room for it. Ends by throwing the `GatewayError` that ended it. */
export async function* relay(
  context: GenerationContext,
  request: ChatRequest,
): AsyncGenerator<EventBatch> {
  const { failover, recorder, route } = context;
  recorder.isRead = true;
  let relayed: ActiveAttempt | undefined;
  try {
    const permit = await withRoom(context);
    const { candidate, attempt } = await failover.answer(permit, (next) => next.open(request));
    relayed = { candidate, attempt, batches: attempt.batches() };
    const recovery = Recovery.of(relayed, request, route.recovery, failover, permit);
    while (relayed) {
      try {
        for await (const batch of relayed.batches) {
          recorder.passed(batch);
          recovery?.sent(batch);
          if (!batch.end) {
            yield batch;
            continue;
          }
          const end = recovery?.ended(batch.end) ?? batch.end;
          relayed.attempt.finish();
          recorder.attemptEnded(relayed.attempt.record('ok'));
          recorder.completed(end.reason, end.usage);
          yield end === batch.end ? batch : batch.endingWith(end);
        }
        return;
      } catch (error) {
        const failure = failover.failed(relayed.attempt, error);
        relayed = await recovery?.resume(failure, relayed);
        if (!relayed) throw failure;
      }
    }
  } catch (error) {
    throw failed(context, error);
  } finally {
    // The reader may also have stopped reading, without an error anywhere.
    if (relayed && !relayed.attempt.isOver) {
      relayed.attempt.abandon();
      failover.cancelled(relayed.attempt);
    }
    finish(context);
  }
}

/** Its whole answer, once there is room for it. */
export async function wholeAnswer(
  context: GenerationContext,
  request: ChatRequest,
): Promise<ChatAnswer> {
  const { failover, recorder } = context;
  try {
    const permit = await withRoom(context);
    const { attempt, answer } = await failover.answer(permit, (next) => next.complete(request));
    attempt.finish();
    recorder.attemptEnded(attempt.record('ok'));
    recorder.completed(answer.finishReason, answer.usage);
    return answer;
  } catch (error) {
    throw failed(context, error);
  } finally {
    finish(context);
  }
}

/** Waits for room, and takes note of how long. */
async function withRoom({ permit, recorder }: GenerationContext): Promise<Permit> {
  try {
    const taken = await permit;
    if (taken.waitedMs !== undefined) recorder.queuedMs = taken.waitedMs;
    return taken;
  } catch (error) {
    // All it ever did was wait.
    recorder.queuedMs = recorder.durationMs;
    throw error;
  }
}

/** The error that the reader gets; recorded as the end, unless the lifetime has one. */
function failed({ lifetime, recorder }: GenerationContext, error: unknown): GatewayError {
  if (lifetime.error) return lifetime.error;
  const failure = GatewayError.from(error);
  recorder.failed(failure);
  return failure;
}

/** Every generation ends here, once, whatever ended it. */
export function finish({ lifetime, recorder, permit }: GenerationContext): void {
  if (recorder.endReason === undefined) {
    // Without an error its reader has stopped to read, as a caller that leaves does.
    recorder.failed(lifetime.error ?? new GatewayError('client_closed'));
  }
  lifetime[Symbol.dispose]();
  permit.then(
    (taken) => taken.release(),
    // It never had one.
    () => undefined,
  );
}
