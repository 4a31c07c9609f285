import { isJsonObject, type JsonObject } from '../../contract/json.js';
import { textOf, type UpstreamBody } from './upstream-bytes.js';
import { protocolFault } from './upstream-fault.js';

/** A whole answer is held in memory once, so it has a bound. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * The JSON object that a plain request is answered with.
 * @throws GatewayError `upstream_cut` when the body ends early, `upstream_protocol` when it is no JSON object
 */
export async function readWholeAnswer(backend: string, body: UpstreamBody): Promise<JsonObject> {
  const text = await textOf(backend, body, MAX_ANSWER_BYTES);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw protocolFault(backend, 'answered with something that is not JSON', error);
  }
  if (!isJsonObject(json)) throw protocolFault(backend, 'answered with JSON that is not an object');
  return json;
}
