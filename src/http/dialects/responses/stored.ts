import { GatewayError } from '../../../contract/gateway-error.js';
import type { FieldReader } from '../../field-reader.js';

/** What continues something that a store would have to hold. */
const STORED = ['previous_response_id', 'conversation', 'prompt'];

const WHOLE = 'send the whole conversation in input';

/** @throws GatewayError `invalid_request` for what needs a store, with what to do instead */
export function refuseStored(fields: FieldReader): void {
  const name = STORED.find((each) => fields.has(each));
  if (name !== undefined) {
    throw fields.invalid(name, `needs a store, and Sluice keeps no responses: ${WHOLE}`);
  }
  if (fields.boolean('background') === true) {
    throw fields.invalid('background', 'needs a store, and Sluice keeps no responses: stream it');
  }
}

/** An item that its caller names and does not send. */
export function itemNotKept(param: string): GatewayError {
  return new GatewayError(
    'invalid_request',
    `${param} refers to an item of an earlier response, and Sluice keeps none: ${WHOLE}, each item as it came. The Vercel AI SDK does with providerOptions: { openai: { store: false } }.`,
    { param },
  );
}
