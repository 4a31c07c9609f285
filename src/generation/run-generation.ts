import type { ChatAnswer } from '../contract/chat-answer.js';
import type { ChatRequest } from '../contract/chat-request.js';
import type { EventBatch } from '../contract/event-batch.js';
import type { Attempt } from './attempt/attempt.js';
import { Failover } from './attempt/failover.js';
import type { GenerationContext } from './generation-context.js';
import { chooseRecovery } from './recovery/choose-recovery.js';
import type { ActiveAttempt } from './recovery/recovery.js';

/** Its events, once there is room for it. Ends by throwing the `GatewayError` that ended it. */
export async function* streamAnswer(
  given: GenerationContext,
  request: ChatRequest,
): AsyncGenerator<EventBatch> {
  using context = given;
  const { recorder, attempts } = context;
  try {
    const permit = await context.begin();
    const { attempt } = await new Failover(context).answer(permit, (next) => next.open(request));
    const recovery = chooseRecovery(context, request, attempt.candidate, permit);
    for (let active: ActiveAttempt = { attempt, next: () => attempt.next() }; ;) {
      let batch: EventBatch;
      try {
        batch = await active.next();
      } catch (error) {
        const failure = attempts.endFailed(active.attempt, error);
        active = await recovery.resume(failure, active.attempt);
        continue;
      }
      recorder.noteBatch(batch);
      recovery.noteSent(batch);
      if (!batch.end) {
        yield batch;
        continue;
      }
      const end = recovery.withTotalUsage(batch.end);
      attempts.end(active.attempt, 'ok');
      recorder.recordCompletion(end.reason, end.usage);
      yield end === batch.end ? batch : batch.endingWith(end);
      return;
    }
  } catch (error) {
    throw context.endFailed(error);
  }
}

/** Its whole answer, once there is room for it. */
export async function wholeAnswer(
  given: GenerationContext,
  request: ChatRequest,
): Promise<ChatAnswer> {
  using context = given;
  const { recorder, attempts } = context;
  try {
    const permit = await context.begin();
    const ask = (next: Attempt) => next.complete(request);
    const { attempt, answer } = await new Failover(context).answer(permit, ask);
    recorder.noteAnswer(answer);
    attempts.end(attempt, 'ok');
    recorder.recordCompletion(answer.finishReason, answer.usage);
    return answer;
  } catch (error) {
    throw context.endFailed(error);
  }
}
