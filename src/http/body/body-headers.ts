import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../contract/gateway-error.js';

/** What can be inflated where the configuration allows it. */
const ENCODINGS = ['gzip', 'deflate', 'br'] as const;
export type Encoding = (typeof ENCODINGS)[number];

/** What `Accept-Encoding` says in the answer to another encoding. */
export const ACCEPTED = { plain: 'identity', compressed: ENCODINGS.join(', ') } as const;

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** @returns the length that a body was announced with; absent where it comes in chunks */
export function declaredBytes({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  // Node has refused what is no number, and both headers at once.
  return length === undefined ? undefined : Number(length);
}

/** @throws GatewayError `invalid_request` for anything but JSON in UTF-8 */
export function requireJson({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/json') {
    throw new GatewayError(
      'invalid_request',
      'The request body must be JSON, sent with content-type: application/json.',
    );
  }
  const charset = parameters
    .map((parameter) => parameter.trim().split('='))
    .find(([name]) => name === 'charset')?.[1];
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) {
    throw new GatewayError('invalid_request', 'The request body must be in UTF-8.');
  }
}

/**
 * @returns how the body is compressed; absent: it is not
 * @throws GatewayError `unsupported_encoding`
 */
export function encodingOf(
  { headers }: IncomingMessage,
  mayBeCompressed: boolean,
): Encoding | undefined {
  const given = (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  if (given === 'identity' || given === '') return undefined;
  const encoding = ENCODINGS.find((each) => each === given);
  if (mayBeCompressed && encoding) return encoding;
  throw new GatewayError(
    'unsupported_encoding',
    mayBeCompressed
      ? `The request body must be sent in one of these encodings: ${ACCEPTED.compressed}.`
      : 'The request body must be sent without a content-encoding.',
  );
}
