import { Random } from '../load/random.js';
import { markOf } from './case-mark.js';
import { MODELS } from './fuzz-config.js';
import { type Form, goodBody } from './request-body.js';
import { bytesOf } from './request-bytes.js';
import { type FuzzRequest, isNoHttp, madeOdd, ODDITIES, type Oddity } from './request-oddities.js';

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

/** Damage to a body or to its length needs one. */
function formFor(oddity: Oddity, random: Random): Form {
  const form = random.weighted<Form>({ v1: 35, chat: 20, get: 10, plain: 15, responses: 20 });
  const needsBody = ['field', 'bodyBytes', 'length', 'chunked', 'compressed', 'large'];
  return form === 'get' && needsBody.includes(oddity) ? 'v1' : form;
}

const PATHS = {
  chat: '/chat',
  responses: '/v1/responses',
  v1: '/v1/chat/completions',
  plain: '/v1/chat/completions',
};

function goodRequest(form: Form, k: number, random: Random): FuzzRequest {
  const headers = { 'x-request-id': markOf(k), host: '127.0.0.1' };
  if (form === 'get') {
    const query = new URLSearchParams({ message: `${markOf(k)} Hi`, model: random.from(MODELS) });
    return { method: 'GET', path: `/chat?${query.toString()}`, headers, body: undefined };
  }
  const path = PATHS[form];
  const body = Buffer.from(JSON.stringify(goodBody(form, k, random)));
  return {
    method: 'POST',
    path,
    headers: { ...headers, 'content-type': 'application/json' },
    body,
  };
}

function tearsOf(length: number, random: Random): RequestPlan['tears'] {
  const tear = () => ({ at: random.between(0, length), ms: random.between(0, 40) });
  return [tear(), tear()].toSorted((one, other) => one.at - other.at);
}

/** Whoever asked for a generation is counted, once; where it cannot be told whether it did, both hold. */
function countsOf(
  { method, path, headers }: FuzzRequest,
  oddity: Oddity,
  hasHead: boolean,
): readonly [least: number, most: number] {
  if (!hasHead) return [0, 0];
  if (isNoHttp(oddity)) return [0, 1];
  // An EventSource that comes back asks for none.
  if (headers['last-event-id'] !== undefined) return [0, 1];
  // `/chat` answers it without a generation; elsewhere it is a method like others that are refused.
  return method === 'HEAD' && path.startsWith('/chat') ? [0, 0] : [1, 1];
}
