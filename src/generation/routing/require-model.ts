import type { Caller } from '../../contract/caller.js';
import { GatewayError } from '../../contract/gateway-error.js';
import { shortened } from './route-table.js';

/**
 * Before the model is looked for: whether there is one is nobody's to know who may not use it.
 * @throws GatewayError `permission_denied`
 */
export function requireModel(caller: Caller, model: string): void {
  if (caller.mayUse(model)) return;
  throw new GatewayError(
    'permission_denied',
    `Your key may not use the model "${shortened(model)}". GET /v1/models lists those that it may.`,
    { param: 'model' },
  );
}
