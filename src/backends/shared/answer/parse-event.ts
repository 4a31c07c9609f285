import type { UpstreamNotices } from '../../../contract/chat-backend.js';
import { isJsonObject, type JsonObject } from '../../../contract/json.js';
import type { StreamSource } from '../connection/stream-source.js';
import { saysError } from '../errors/upstream-error.js';
import { cutFault } from '../errors/upstream-fault.js';
import { refuseDeep } from './json-depth.js';

/**
 * The JSON object of one event; nothing where there is none, which `notices` is told of.
 * @param isWhole the answer is: what cannot be read behind it is no piece of it
 * @throws GatewayError `upstream_cut` for what begins like an event and cannot be read: a piece of the
 *   answer is lost; `upstream_protocol` for what is nested too deep
 */
export function parseEvent(
  data: string,
  { backend }: StreamSource,
  notices: UpstreamNotices,
  isWhole: boolean,
): JsonObject | undefined {
  refuseDeep(backend, data);
  try {
    const event: unknown = JSON.parse(data);
    // Gemini wraps its errors in an array.
    if (Array.isArray(event) && saysError(event)) return { error: event };
    return isJsonObject(event) ? event : undefined;
  } catch (error) {
    if (!isWhole && /^\s*[{[]/.test(data)) throw cutFault(backend, error);
    if (data.trim() !== '') notices.malformedEvent();
    return undefined;
  }
}
