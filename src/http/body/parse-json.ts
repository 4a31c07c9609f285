import { isAscii } from 'node:buffer';
import { GatewayError } from '../../contract/gateway-error.js';
import type { JsonExtent } from '../../contract/json-extent.js';
import type { Reservation } from './body-room.js';
import { scanJson } from './scan-json.js';

const BYTE_ORDER_MARK = Buffer.from('\uFEFF');

/** What a value takes on the heap besides its text; objects of one field each have been seen to take 88. */
const NODE_BYTES = 100;

/**
 * The object or array that a body is; an empty one is an object without fields.
 * @param reservation grows to what the parsed body takes, before it is parsed
 * @throws GatewayError that quotes nothing of it
 */
export function parseJson(body: Buffer, max: JsonExtent, reservation: Reservation): object {
  if (body.length === 0) return {};
  const hasMark = body.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  const bytes = hasMark ? body.subarray(BYTE_ORDER_MARK.length) : body;
  const nodes = scanJson(bytes, max);
  const text = bytes.toString('utf8');
  reservation.growTo(nodes * NODE_BYTES + text.length * bytesPerChar(bytes));
  const value = parsed(text);
  if (typeof value === 'object' && value !== null) return value;
  throw new GatewayError('invalid_request', 'The request body must be a JSON object.');
}

/** One character beyond Latin-1 doubles what its text takes. */
function bytesPerChar(bytes: Buffer): number {
  return isAscii(bytes) && !bytes.includes('\\u') ? 1 : 2;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the body.
    throw new GatewayError('invalid_request', 'The request body is not valid JSON.');
  }
}
