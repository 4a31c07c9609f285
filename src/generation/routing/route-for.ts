import type { GatewayConfig } from '../../config/schema/gateway-config.js';
import type { Caller } from '../../contract/caller.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { type ModelRoute, routesOf, shortened } from './route-table.js';

/**
 * The route of the model that `caller` asks for, or of its default. Whether it may use the model comes
 * before whether there is one: who may not is not told.
 * @throws GatewayError `permission_denied`, `model_not_found`
 */
export function routeFor(
  model: string | undefined,
  caller: Caller,
  config: GatewayConfig,
): ModelRoute {
  const name = model ?? caller.defaultModel ?? config.defaultModel;
  if (caller.mayUse(name)) return routesOf(config).find(name);
  throw new GatewayError(
    'permission_denied',
    `Your key may not use the model "${shortened(name)}". GET /v1/models lists those that it may.`,
    { param: 'model' },
  );
}
