import { GatewayError } from '../../src/contract/gateway-error.js';
import { within } from './within.js';

/** The `GatewayError` that `promise` rejects with. */
export async function failure(promise: Promise<unknown>): Promise<GatewayError> {
  let value: unknown;
  try {
    value = await within(promise, 'a rejection');
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error(`It succeeded with ${JSON.stringify(value)} where it had to fail.`);
}
