import type { ChatRequest } from '../../contract/chat-request.js';
import type { Permit } from '../admission/permit.js';
import type { GenerationContext } from '../generation-context.js';
import type { Candidate } from '../routing/candidates.js';
import { NO_RECOVERY, type Recovery } from './recovery.js';
import { RecoveryOptions } from './recovery-options.js';
import { SplicedRecovery } from './spliced-recovery.js';

/** @param answering the target that gave first content */
export function chooseRecovery(
  { route, candidates, health, lifetime, recorder, attempts }: GenerationContext,
  request: ChatRequest,
  answering: Candidate,
  permit: Permit,
): Recovery {
  const { mode, maxBytes } = route.recovery;
  if (mode === 'never' || asksForMoreThanText(request)) return NO_RECOVERY;
  if (mode === 'deterministic' && !isDeterministic(request)) return NO_RECOVERY;
  const sameModel = ({ target }: Candidate) => target.model === answering.target.model;
  const takers = mode === 'always' ? candidates : candidates.filter(sameModel);
  const options = new RecoveryOptions(takers, health, lifetime, permit, recorder.waits);
  return new SplicedRecovery(request, options, attempts, recorder, lifetime, maxBytes);
}

/** `logprobs` and the like: they come with every token, and only in the events of who generated it. */
function asksForMoreThanText({ unmodelled }: ChatRequest): boolean {
  return (unmodelled?.shape.length ?? 0) > 0;
}

function isDeterministic({ sampling }: ChatRequest): boolean {
  return sampling.temperature === 0 || sampling.seed !== undefined;
}
