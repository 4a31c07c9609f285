import { GatewayError } from '../../contract/gateway-error.js';
import { type JsonBounds, scanJson } from './scan-json.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/**
 * The object or array that a body is; an empty one is an object without fields.
 * @throws GatewayError that quotes nothing of it
 */
export function parseJson(body: Buffer, bounds: JsonBounds): object {
  if (body.length === 0) return {};
  const hasMark = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const bytes = hasMark ? body.subarray(BYTE_ORDER_MARK.length) : body;
  scanJson(bytes, bounds);
  const value = parsed(bytes);
  if (typeof value === 'object' && value !== null) return value;
  throw new GatewayError('invalid_request', 'The request body must be a JSON object.');
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own message quotes the body.
    throw new GatewayError('invalid_request', 'The request body is not valid JSON.');
  }
}
