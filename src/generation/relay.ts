import type { ChatAnswer } from '../contract/chat-answer.js';
import type { ChatRequest } from '../contract/chat-request.js';
import type { EventBatch } from '../contract/event-batch.js';
import { Failover } from './attempt/failover.js';
import type { GenerationContext } from './generation-context.js';
import { chooseRecovery } from './recovery/choose-recovery.js';
import type { ActiveAttempt } from './recovery/recovery.js';

/** Its events, once there is room for it. Ends by throwing the `GatewayError` that ended it. */
export async function* relay(
  context: GenerationContext,
  request: ChatRequest,
): AsyncGenerator<EventBatch> {
  using generation = context;
  const { recorder, runner } = generation;
  try {
    const permit = await generation.admitted();
    const { attempt } = await new Failover(generation).answer(permit, (next) => next.open(request));
    recorder.answeredBy(attempt.candidate);
    const recovery = chooseRecovery(generation, request, attempt.candidate, permit);
    for (let active: ActiveAttempt = { attempt, next: () => attempt.next() }; ;) {
      let batch: EventBatch;
      try {
        batch = await active.next();
      } catch (error) {
        const failure = runner.failed(active.attempt, error);
        active = await recovery.resume(failure, active.attempt);
        continue;
      }
      recorder.passed(batch);
      recovery.sent(batch);
      if (!batch.end) {
        yield batch;
        continue;
      }
      const end = recovery.ended(batch.end);
      runner.end(active.attempt, 'ok');
      recorder.completed(end.reason, end.usage);
      yield end === batch.end ? batch : batch.endingWith(end);
      return;
    }
  } catch (error) {
    throw generation.failed(error);
  }
}

/** Its whole answer, once there is room for it. */
export async function wholeAnswer(
  context: GenerationContext,
  request: ChatRequest,
): Promise<ChatAnswer> {
  using generation = context;
  const { recorder, runner } = generation;
  try {
    const permit = await generation.admitted();
    const { attempt, answer } = await new Failover(generation).answer(permit, (next) =>
      next.complete(request),
    );
    recorder.answeredBy(attempt.candidate);
    runner.end(attempt, 'ok');
    recorder.completed(answer.finishReason, answer.usage);
    return answer;
  } catch (error) {
    throw generation.failed(error);
  }
}
