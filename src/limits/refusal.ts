import { GatewayError } from '../contract/gateway-error.js';
import { type Charged, neverFits, type Scope } from './quota.js';

/** How long a place among `concurrentStreams` may take to be free; spread over twice its length. */
const STREAM_WAIT_MS = 1000;

export function overQuota(charged: Charged, now: number): GatewayError {
  const { quota, window, amount, used } = charged;
  const { unit, period, scope, limit } = quota;
  const retryAfterMs = Math.max(1, window.endsAt - now);
  const per = `per ${period} ${ofScope(scope)}`;
  if (unit === 'usd') {
    return new GatewayError(
      'budget_exhausted',
      `The budget ${per} is spent. It begins anew at ${new Date(window.endsAt).toISOString()}.`,
      { retryAfterMs },
    );
  }
  if (unit === 'requests') {
    const message = `There may be ${limit} requests ${per}: try again when the next minute begins.`;
    return new GatewayError('rate_limited', message, { retryAfterMs });
  }
  if (neverFits(charged)) {
    return new GatewayError(
      'rate_limited',
      `This request may take ${amount} tokens, and ${limit} are allowed ${per}, so it never fits: shorten it, or ask for fewer tokens.`,
      { limited: 'tokens', isPermanent: true },
    );
  }
  const left = Math.max(0, limit - (used - amount));
  return new GatewayError(
    'rate_limited',
    `This request may take ${amount} tokens, and ${left} of ${limit} ${per} are left.`,
    { retryAfterMs, limited: 'tokens' },
  );
}

export function tooManyStreams({ kind, limits, id }: Scope): GatewayError {
  const message = `There may be ${limits.concurrentStreams} requests at once ${ofScope({ kind, id })}: try again when one has ended.`;
  const retryAfterMs = Math.round(STREAM_WAIT_MS * (1 + Math.random()));
  return new GatewayError('rate_limited', message, { retryAfterMs });
}

/** A caller knows itself; its id may be an address or somebody's name. */
function ofScope({ kind, id }: Pick<Scope, 'kind' | 'id'>): string {
  return kind === 'caller' ? 'for this caller' : `for the model "${id}"`;
}
