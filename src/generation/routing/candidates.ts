import type { ChatBackend, Fit } from '../../contract/chat-backend.js';
import type { ChatRequest } from '../../contract/chat-request.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { affinityOf } from './affinity.js';
import type { CallerContext } from '../caller-context.js';
import type { ModelRoute, RouteTarget } from './route-table.js';
import { rankTargets } from './rank-targets.js';

/** A target that can honour the request, with the hints it would leave out. */
export interface Candidate {
  readonly target: RouteTarget;
  readonly backend: ChatBackend;
  readonly ignored: readonly string[];
}

/**
 * The targets that may answer this request, in order.
 * @throws GatewayError `unsupported_feature` naming the field that none can honour,
 *   `upstream_unavailable` when all are disabled
 */
export function candidatesFor(
  route: ModelRoute,
  request: ChatRequest,
  call: CallerContext,
  backends: ReadonlyMap<string, ChatBackend>,
): readonly Candidate[] {
  if (route.tiers.length === 0) throw allDisabled(route);
  const all = rankTargets(route.tiers, () => affinityOf(request, call));
  const targets = call.fallback ? all : all.slice(0, 1);
  const candidates: Candidate[] = [];
  let unsupported: Fit['unsupported'];
  for (const target of targets) {
    const backend = backends.get(target.backend);
    if (!backend) throw new Error(`There is no backend "${target.backend}".`);
    const fit = backend.fit(request, target);
    if (fit.unsupported) unsupported ??= fit.unsupported;
    else candidates.push({ target, backend, ignored: fit.ignored });
  }
  if (candidates.length > 0 || !unsupported) return candidates;
  throw new GatewayError('unsupported_feature', unsupported.message, { param: unsupported.param });
}

/** The operator will say when it is over: a client's own retries would not hear of it. */
function allDisabled({ model }: ModelRoute): GatewayError {
  return new GatewayError(
    'upstream_unavailable',
    `Whatever answers for the model "${model}" is disabled here at the moment.`,
    { retryAfterMs: 60_000, shouldRetry: false },
  );
}
