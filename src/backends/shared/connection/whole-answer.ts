import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import { refuseDeep } from '../answer/json-depth.js';
import type { StreamSource } from './stream-source.js';
import { saysError } from '../errors/upstream-error.js';
import { cutFault, protocolFault } from '../errors/upstream-fault.js';
import type { UpstreamHeaders } from './upstream-response.js';
import { textOf } from '../errors/upstream-text.js';

/** A whole answer is held in memory once, so it has a bound. */
export const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * The JSON object that a plain request is answered with. While it arrives it counts among the large
 * events of streams: it is held in memory like one.
 * @throws GatewayError `upstream_cut` when the body ends early, `upstream_protocol` when it is no
 *   JSON object or nested too deep, `overloaded`
 */
export async function readWholeAnswer(
  { backend, eventBytes }: StreamSource,
  bytes: AsyncIterable<Uint8Array>,
  headers: UpstreamHeaders,
): Promise<JsonObject> {
  using held = eventBytes.open();
  const text = await textOf(backend, bytes, MAX_ANSWER_BYTES, (count) => held.hold(count));
  refuseDeep(backend, text);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    // Without a length HTTP cannot tell the end of such a body from a cut; its JSON can.
    const hasLength = headers['content-length'] ?? headers['transfer-encoding'];
    if (hasLength === undefined && /^\s*[{[]/.test(text)) throw cutFault(backend, error);
    throw protocolFault(backend, 'answered with something that is not JSON', error);
  }
  // Gemini wraps its errors in an array.
  if (Array.isArray(json) && saysError(json)) return { error: json };
  if (!isJsonObject(json)) throw protocolFault(backend, 'answered with JSON that is not an object');
  return json;
}
