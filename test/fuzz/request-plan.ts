import { gzipSync } from 'node:zlib';
import { Random } from '../load/random.js';
import { damagedBytes } from './byte-damage.js';
import { markOf } from './case-mark.js';
import { BODY_LIMIT_BYTES, MODELS } from './fuzz-config.js';
import { type Form, goodBody, oddBody } from './request-body.js';

/** What a caller does while it is answered. */
export type Manner = keyof typeof MANNERS;
const MANNERS = { reads: 700, readsSlowly: 80, stalls: 10, leaves: 100, leavesWithin: 100 };

/** Known to the upstreams, too: one that floods floods somebody who does not read. */
export function mannerFor(seed: number, k: number): Manner {
  return new Random(seed, k, 5).weighted(MANNERS);
}

/** What a caller sends and does; it follows from the seed. */
export interface RequestPlan {
  readonly k: number;
  readonly form: Form;
  readonly method: string;
  /** What was made of a good request: `none`, or the name of the damage. */
  readonly oddity: Oddity;
  readonly bytes: Buffer;
  /** Where the bytes are torn apart, and for how long nothing follows. */
  readonly tears: readonly { readonly at: number; readonly ms: number }[];
  /** It leaves when this much is sent; everything otherwise. */
  readonly sendsOnly: number;
  readonly manner: Manner;
  readonly waitMs: number;
  /** Of the response, before it leaves. */
  readonly leavesAtBytes: number;
  /** How many generations this must count as: rejected ones included. */
  readonly counts: readonly [least: number, most: number];
}

export type Oddity = keyof typeof ODDITIES;
const ODDITIES = {
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

export function requestPlanFor(seed: number, k: number): RequestPlan {
  const random = new Random(seed, k, 4);
  const oddity = random.weighted(ODDITIES);
  const form = formFor(oddity, random);
  const request = madeOdd(goodRequest(form, k, random), oddity, random);
  const bytes = bytesOf(request, oddity, random);
  const headLength = bytes.indexOf('\r\n\r\n') + 4;
  const isHalf = oddity === 'half';
  // Sluice waits for what never comes.
  const waitsForMore = isHalf || oddity === 'length' || isNoHttp(oddity);
  const sendsOnly = isHalf ? random.between(1, bytes.length - 1) : bytes.length;
  return {
    k,
    form,
    method: request.method,
    oddity,
    bytes,
    tears: random.chance(0.2) ? tearsOf(bytes.length, random) : [],
    sendsOnly,
    manner: waitsForMore ? 'leaves' : mannerFor(seed, k),
    waitMs: waitMsFor(oddity, random),
    leavesAtBytes: random.between(1, 1500),
    counts: countsOf(request, oddity, sendsOnly >= headLength),
  };
}

/** To leave at once is rare where there may be an answer yet. */
function waitMsFor(oddity: Oddity, random: Random): number {
  if (oddity === 'length' || isNoHttp(oddity)) return random.between(100, 500);
  return random.chance(0.3) ? 0 : random.between(0, 80);
}

/** What may be no HTTP at all, or the beginning of a request for ever. */
function isNoHttp(oddity: Oddity): boolean {
  return oddity === 'requestBytes' || oddity === 'rubbish';
}

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** Damage to a body or to its length needs one. */
function formFor(oddity: Oddity, random: Random): Form {
  const form = random.weighted<Form>({ v1: 40, chat: 25, get: 15, plain: 20 });
  const needsBody = ['field', 'bodyBytes', 'length', 'chunked', 'compressed', 'large'];
  return form === 'get' && needsBody.includes(oddity) ? 'v1' : form;
}

function goodRequest(form: Form, k: number, random: Random): Request {
  const headers = { 'x-request-id': markOf(k), host: '127.0.0.1' };
  if (form === 'get') {
    const query = new URLSearchParams({ message: `${markOf(k)} Hi`, model: random.from(MODELS) });
    return { method: 'GET', path: `/chat?${query.toString()}`, headers, body: undefined };
  }
  const path = form === 'chat' ? '/chat' : '/v1/chat/completions';
  const body = Buffer.from(JSON.stringify(goodBody(form, k, random)));
  return {
    method: 'POST',
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  };
}

function madeOdd(request: Request, oddity: Oddity, random: Random): Request {
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
  ...['/chat/', '/CHAT', '/chat/one', '/chat/none', '/chat/%', '/chat/%00', '/chat//', '/chat?'],
  ...['/chat?message=', '/chat?message=a&message=b', '/chat?message[x]=a', '/chat?message=%ff'],
  ...['/chat/__proto__', '/chat/../chat', '/v1/chat/completions/', '/v1/chat/completions?a=b'],
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

function bytesOf(request: Request, oddity: Oddity, random: Random): Buffer {
  if (oddity === 'rubbish') return Buffer.from(random.from(RUBBISH));
  const whole = wholeBytes(request, oddity, random);
  return oddity === 'requestBytes' ? Buffer.from(damagedBytes(random, whole)) : whole;
}

const RUBBISH = [
  '\r\n\r\n',
  'GET\r\n\r\n',
  'GET /chat HTTP/9.9\r\n\r\n',
  'GET /chat HTTP/1.1\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'POST /chat HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n',
  'POST /chat HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  `GET /chat HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
  'x'.repeat(200_000),
];

function wholeBytes(request: Request, oddity: Oddity, random: Random): Buffer {
  const { method, path, headers, body } = request;
  const head = (more: Readonly<Record<string, string>>) => {
    const fields = Object.entries({ ...headers, ...more });
    const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  };
  if (body === undefined) return head({});
  if (oddity === 'chunked') {
    return Buffer.concat([head({ 'transfer-encoding': 'chunked' }), chunked(body, random)]);
  }
  const wrong = oddity === 'length' ? random.from([-20, -1, 1, 20, 1_000_000]) : 0;
  return Buffer.concat([head({ 'content-length': String(body.length + wrong) }), body]);
}

/** Mostly right. */
function chunked(body: Buffer, random: Random): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + random.between(1, 60));
    at += piece.length;
    pieces.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  const last = random.weighted({ '0\r\n\r\n': 80, 'zz\r\n\r\n': 10, '0\r\nx: y\r\n\r\n': 10 });
  return Buffer.concat([...pieces, Buffer.from(last)]);
}

function tearsOf(length: number, random: Random): RequestPlan['tears'] {
  const tear = () => ({ at: random.between(0, length), ms: random.between(0, 40) });
  return [tear(), tear()].toSorted((one, other) => one.at - other.at);
}

/** Whoever asked for a generation is counted, once; where it cannot be told whether it did, both hold. */
function countsOf(
  { method, headers }: Request,
  oddity: Oddity,
  hasHead: boolean,
): readonly [least: number, most: number] {
  if (!hasHead) return [0, 0];
  if (isNoHttp(oddity)) return [0, 1];
  // An EventSource that comes back asks for none.
  if (headers['last-event-id'] !== undefined) return [0, 1];
  return method === 'HEAD' ? [0, 0] : [1, 1];
}
