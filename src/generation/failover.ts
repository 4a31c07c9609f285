import type { ChatBackend, ChatBackends, Fit } from '../contract/chat-backend.js';
import type { ChatRequest } from '../contract/chat-request.js';
import { GatewayError } from '../contract/gateway-error.js';
import { Attempt } from './attempt.js';
import type { Call } from './call.js';
import type { GenerationRun } from './generation-run.js';
import type { GenerationScope } from './generation-scope.js';
import type { Route, RouteTarget } from './route-table.js';

/** A target that can honour the request, with the hints it would leave out. */
export interface Candidate {
  readonly target: RouteTarget;
  readonly backend: ChatBackend;
  readonly ignored: readonly string[];
}

/**
 * The targets that may answer this request, in order.
 * @throws GatewayError `invalid_request` naming the field that none can honour
 */
export function candidatesFor(
  route: Route,
  request: ChatRequest,
  call: Call,
  backends: ChatBackends,
): readonly Candidate[] {
  const targets = call.fallback ? route.targets : route.targets.slice(0, 1);
  const candidates: Candidate[] = [];
  let unsupported: Fit['unsupported'];
  for (const target of targets) {
    const backend = backends.get(target.backend);
    if (!backend) throw new Error(`There is no backend "${target.backend}".`);
    const fit = backend.fit(request);
    if (fit.unsupported) unsupported ??= fit.unsupported;
    else candidates.push({ target, backend, ignored: fit.ignored });
  }
  if (candidates.length > 0 || !unsupported) return candidates;
  throw new GatewayError('invalid_request', unsupported.message, { param: unsupported.param });
}

/** Asks one candidate after the other until one answers; `ask` resolves when its answer is there to be given. */
export async function failover<T>(
  candidates: readonly Candidate[],
  run: GenerationRun,
  scope: GenerationScope,
  ask: (attempt: Attempt) => Promise<T>,
): Promise<{ readonly attempt: Attempt; readonly answer: T }> {
  const failures: GatewayError[] = [];
  for (const { target, backend, ignored } of candidates) {
    const attempt = new Attempt(backend, target, scope.signal);
    try {
      const answer = await ask(attempt);
      run.target = { backend: target.backend, model: target.model };
      run.ignored = ignored;
      return { attempt, answer };
    } catch (error) {
      const failure = attemptFailed(attempt, run, scope, error);
      if (scope.isOver || !failure.mayTryNext) throw failure;
      failures.push(failure);
    }
  }
  throw soonestCured(failures);
}

/** Takes note of how an attempt failed, and says what its failure is for the caller. */
export function attemptFailed(
  attempt: Attempt,
  run: GenerationRun,
  scope: GenerationScope,
  error: unknown,
): GatewayError {
  if (scope.isOver) {
    run.attemptEnded(attempt.record('cancelled'));
    return scope.fault;
  }
  const failure = GatewayError.from(error);
  run.attemptEnded(attempt.record(failure.fault, failure));
  return failure;
}

/** Nobody answered: the caller gets the failure that a later request escapes soonest. */
function soonestCured(failures: readonly GatewayError[]): GatewayError {
  return failures.reduce((best, next) => (cureMs(next) <= cureMs(best) ? next : best));
}

function cureMs({ retryable, retryAfterMs }: GatewayError): number {
  return retryable ? (retryAfterMs ?? 1000) : Infinity;
}
