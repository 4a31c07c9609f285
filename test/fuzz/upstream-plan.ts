import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { Random } from '../load/random.js';
import { WIRES } from '../load/upstream-wires.js';
import { damagedBytes } from './byte-damage.js';
import { mannerFor } from './request-plan.js';
import { type Asked, bodyFor } from './upstream-body.js';
import { type Refusal, refusalFor } from './upstream-refusals.js';

/** How an answer stops: a clean end of the body, a FIN or an RST without one, or nothing more. */
export type End = 'eof' | 'cut' | 'reset' | 'silence';

/** What an upstream does with one request. */
export interface UpstreamPlan {
  /** `raw`: `body` is a whole HTTP response, byte by byte; `flood`: the body never ends. */
  readonly how: 'http' | 'raw' | 'flood' | 'nothing';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** What the body says once it is decoded: the same, unless there is a `content-encoding`. */
  readonly decoded: Uint8Array | undefined;
  /** Why `decoded` may not be what arrives: its encoding is cut, or is not the one that is told. */
  readonly doubt?: 'cut' | 'mislabelled' | undefined;
  /** How the body was made. */
  readonly made: string;
  /** Of the pieces that the body is sent in. */
  readonly sizes: number | readonly number[];
  /** Waits before a piece, by its number. */
  readonly pauses: ReadonlyMap<number, number>;
  readonly beforeMs: number;
  readonly end: End;
}

/** Another chance for every attempt, and the same one whenever the seed is played again. */
export function upstreamPlanFor(asked: Asked): UpstreamPlan {
  const { seed, k, attempt, kind } = asked;
  const random = new Random(seed, k, 3, attempt, kind === 'openai' ? 0 : 1);
  const how = random.weighted({ answer: 74, refusal: 10, raw: 5, nothing: 4, encoded: 4 });
  if (k < 0) return goodPlan(asked, random);
  const plan = planned(asked, random);
  if (asked.streams && mannerFor(seed, k) === 'stalls')
    return { ...plan, how: 'flood', made: 'flood' };
  switch (how) {
    case 'answer':
      return plan;
    case 'refusal':
      return refused(plan, refusalFor(random));
    case 'raw':
      return { ...plan, how: 'raw', body: damagedBytes(random, rawResponse(plan, random)) };
    case 'nothing':
      return { ...plan, how: 'nothing' };
    case 'encoded':
      return encoded(plan, random);
  }
}

/** To a request that was damaged so much that nobody knows whose it is. */
function goodPlan(asked: Asked, random: Random): UpstreamPlan {
  const headers = { 'content-type': typeFor(asked) };
  const plan = planned(asked, random);
  return { ...plan, headers, sizes: 1_000_000, pauses: new Map(), beforeMs: 0, end: 'eof' };
}

function typeFor({ streams, kind }: Asked): string {
  return streams ? WIRES[kind].type : 'application/json';
}

function planned(asked: Asked, random: Random): UpstreamPlan {
  const { bytes, how } = bodyFor(asked, random);
  const isSlow = random.chance(0.4);
  return {
    how: 'http',
    status: 200,
    headers: { 'content-type': random.chance(0.95) ? typeFor(asked) : random.from(OTHER_TYPES) },
    body: bytes,
    decoded: bytes,
    made: how,
    sizes: sizesOf(random, bytes.length),
    pauses: isSlow ? pausesOf(random) : new Map<number, number>(),
    beforeMs: random.chance(0.3) ? random.between(0, 60) : 0,
    end: random.weighted<End>({ eof: 80, cut: 8, reset: 8, silence: 4 }),
  };
}

const OTHER_TYPES = [
  'application/json',
  'text/event-stream',
  'TEXT/EVENT-STREAM; charset=UTF-8',
  'application/x-ndjson',
  'application/json; charset=utf-8',
  'text/html',
  'text/plain',
  '',
];

function sizesOf(random: Random, length: number): number | readonly number[] {
  if (length > 20_000) return random.between(4000, 200_000);
  const size = random.from([1, 7, 60, 1_000_000, 1_000_000]);
  if (size > 1 || length < 400) return size;
  return Array.from({ length: 40 }, () => random.between(1, 90));
}

/** Mostly within the deadlines, now and then beyond. */
function pausesOf(random: Random): ReadonlyMap<number, number> {
  const count = random.between(1, 3);
  const ms = () => (random.chance(0.1) ? random.from([300, 1500]) : random.between(1, 40));
  return new Map(Array.from({ length: count }, () => [random.between(0, 8), ms()]));
}

function refused(plan: UpstreamPlan, { status, headers, body }: Refusal): UpstreamPlan {
  const made = `refusal ${status}`;
  return { ...plan, status, headers, body: Buffer.from(body), decoded: undefined, made };
}

/** Right, cut and wrong `content-encoding`. */
function encoded(plan: UpstreamPlan, random: Random): UpstreamPlan {
  const headers = { ...plan.headers, 'content-encoding': 'gzip' };
  const zipped = gzipSync(plan.body);
  const how = random.weighted({ gzip: 60, 'cut gzip': 20, 'no gzip': 20 });
  const made = `${plan.made}, ${how}`;
  if (how === 'gzip') return { ...plan, headers, body: zipped, made };
  if (how === 'no gzip') return { ...plan, headers, made, doubt: 'mislabelled' };
  const body = zipped.subarray(0, random.between(0, zipped.length - 1));
  // Ten bytes are its head.
  const finishFlush = constants.Z_SYNC_FLUSH;
  const decoded = body.length > 10 ? gunzipSync(body, { finishFlush }) : Buffer.alloc(0);
  return { ...plan, headers, body, decoded, made, doubt: 'cut' };
}

function rawResponse({ status, headers, body }: UpstreamPlan, random: Random): Buffer {
  const lines = [
    `HTTP/1.1 ${random.chance(0.9) ? status : random.from([204, 206, 304, 429, 500])} X`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(random.chance(0.1) ? [`x-large: ${'x'.repeat(random.between(1, 70_000))}`] : []),
  ];
  if (random.chance(0.5)) {
    const head = [...lines, `content-length: ${body.length}`, '', ''].join('\r\n');
    return Buffer.concat([Buffer.from(head), body]);
  }
  const head = [...lines, 'transfer-encoding: chunked', '', ''].join('\r\n');
  const size = `${body.length.toString(16)}\r\n`;
  const chunk = body.length > 0 ? [Buffer.from(size), body, Buffer.from('\r\n')] : [];
  return Buffer.concat([Buffer.from(head), ...chunk, Buffer.from('0\r\n\r\n')]);
}
