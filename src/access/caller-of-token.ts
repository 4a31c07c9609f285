import type { JWTPayload } from 'jose';
import { matchesAny } from '../config/rules/model-globs.js';
import type { AccessConfig, JwtConfig } from '../config/schema/access-config.js';
import { ANONYMOUS, type Caller } from '../contract/caller.js';
import { GatewayError } from '../contract/gateway-error.js';
import { type CallerLabels, OTHER } from './caller-labels.js';
import type { KeyRing } from './key-ring.js';

/** One line that looks like no other one's, as long as ids of identity providers are. */
const CALLER_ID = /^[^\p{C}\p{Zl}\p{Zp}]{1,200}$/u;

/**
 * Who a token says it is.
 * @throws GatewayError `unauthenticated` where it names nobody, or somebody who has a key
 */
export function callerOfToken(
  payload: JWTPayload,
  { callerClaim, modelsClaim }: JwtConfig,
  { limits }: AccessConfig,
  keys: KeyRing,
  labels: CallerLabels,
): Caller {
  const id = payload[callerClaim];
  if (typeof id !== 'string' || !isCallerId(id)) {
    throw new GatewayError('unauthenticated', `This token names no caller in "${callerClaim}".`);
  }
  // It would have the limits and the bill of another.
  if (id === ANONYMOUS.id || id === OTHER || keys.hasId(id)) {
    throw new GatewayError('unauthenticated', `This token names a caller that is taken.`);
  }
  const models = modelsClaim === undefined ? ['*'] : modelsIn(payload[modelsClaim]);
  return {
    ...ANONYMOUS,
    id,
    label: labels.of(id),
    mayUse: (model) => matchesAny(models, model),
    isLimitedToModels: modelsClaim !== undefined,
    limits,
  };
}

function isCallerId(id: string): boolean {
  return CALLER_ID.test(id) && id === id.trim() && id === id.normalize('NFC');
}

/** A list, or words as OAuth has its scopes. A token without the claim has no model. */
function modelsIn(claim: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(' ').filter((word) => word !== '');
  return Array.isArray(claim) ? claim.filter((model) => typeof model === 'string') : [];
}
