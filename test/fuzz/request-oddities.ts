import { gzipSync } from 'node:zlib';
import type { Random } from '../load/random.js';
import { damagedBytes } from './byte-damage.js';
import { BODY_LIMIT_BYTES } from './fuzz-config.js';
import { oddBody } from './request-body.js';

/** What is made of a good request, and how often of a thousand. */
export type Oddity = keyof typeof ODDITIES;
export const ODDITIES = {
  none: 560,
  field: 120,
  bodyBytes: 60,
  headers: 60,
  method: 20,
  path: 30,
  length: 30,
  chunked: 30,
  compressed: 15,
  large: 10,
  half: 35,
  requestBytes: 40,
  rubbish: 10,
};

/** What may be no HTTP at all, or the beginning of a request for ever. */
export function isNoHttp(oddity: Oddity): boolean {
  return oddity === 'requestBytes' || oddity === 'rubbish';
}

/** A request before it is bytes. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export function madeOdd(request: FuzzRequest, oddity: Oddity, random: Random): FuzzRequest {
  const { headers, body } = request;
  switch (oddity) {
    case 'field': {
      const fields = JSON.parse(body!.toString()) as Record<string, unknown>;
      return { ...request, body: Buffer.from(JSON.stringify(oddBody(fields, random))) };
    }
    case 'bodyBytes':
      return { ...request, body: Buffer.from(damagedBytes(random, body!)) };
    case 'headers':
      return { ...request, headers: { ...headers, ...random.from(ODD_HEADERS) } };
    case 'method':
      return { ...request, method: random.from(METHODS) };
    case 'path':
      return { ...request, path: random.from(PATHS) };
    case 'compressed': {
      const encoded = random.chance(0.7) ? gzipSync(body!) : body!;
      const encoding = random.from(['gzip', 'deflate', 'br', 'identity', 'zstd', 'x']);
      return { ...request, headers: { ...headers, 'content-encoding': encoding }, body: encoded };
    }
    case 'large': {
      const size = random.from([
        BODY_LIMIT_BYTES - 500,
        BODY_LIMIT_BYTES + 1,
        4 * BODY_LIMIT_BYTES,
      ]);
      return { ...request, body: Buffer.concat([body!, Buffer.alloc(size, ' ')]) };
    }
    default:
      return request;
  }
}

const METHODS = ['DELETE', 'PUT', 'PATCH', 'OPTIONS', 'TRACE', 'HEAD', 'PURGE'];

const PATHS = [
  '/chat/',
  '/CHAT',
  '/chat/one',
  '/chat/none',
  '/chat/%',
  '/chat/%00',
  '/chat//',
  '/chat?',
  '/chat?message=',
  '/chat?message=a&message=b',
  '/chat?message[x]=a',
  '/chat?message=%ff',
  '/chat/__proto__',
  '/chat/../chat',
  '/v1/chat/completions/',
  '/v1/chat/completions?a=b',
];

const ODD_HEADERS: readonly Record<string, string>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-type': 'application/json; charset=x' },
  { 'content-type': 'multipart/form-data' },
  { 'content-type': '' },
  { accept: 'text/html' },
  { accept: '' },
  { 'accept-encoding': 'gzip, br' },
  { 'x-sluice-timeout-ms': '50' },
  { 'x-sluice-timeout-ms': '0' },
  { 'x-sluice-timeout-ms': '-1' },
  { 'x-sluice-timeout-ms': '1e309' },
  { 'x-sluice-timeout-ms': 'soon' },
  { 'x-request-id': 'not an id' },
  { 'x-request-id': 'x'.repeat(5000) },
  { connection: 'close' },
  { connection: 'upgrade', upgrade: 'websocket' },
  { traceparent: '00-x' },
  { authorization: 'Bearer x' },
  { cookie: 'a=b' },
  { 'x-large': 'x'.repeat(12_000) },
  { 'last-event-id': '' },
  { 'last-event-id': '1b4e28ba-2fa1-11d2-883f-0016d3cca427:3' },
];
