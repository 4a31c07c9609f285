import type { Random } from '../load/random.js';
import { damagedBytes } from './byte-damage.js';
import type { FuzzRequest, Oddity } from './request-oddities.js';

/** What goes over the connection. */
export function bytesOf(request: FuzzRequest, oddity: Oddity, random: Random): Buffer {
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

function wholeBytes(request: FuzzRequest, oddity: Oddity, random: Random): Buffer {
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
