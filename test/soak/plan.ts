import type { Length } from './answers.js';
import { MODELS } from './sluice-config.js';
import { Random } from '../load/random.js';

/** How a caller asks: `v1` and `plain` are Chat Completions, streamed and not. */
export type Form = 'v1' | 'plain' | 'chat' | 'get';

/** What a caller does while it is answered, or instead of asking well. */
export type Manner = keyof typeof MANNERS;
const MANNERS = {
  reads: 600,
  pauses: 40,
  leaves: 100,
  leavesWithin: 100,
  leavesAtEnd: 40,
  stalls: 1,
  abortsBody: 40,
  asksWrongly: 70,
  asksForNothing: 9,
};

/** What the n-th caller does; it follows from the seed. */
export interface Plan {
  readonly n: number;
  readonly form: Form;
  readonly model: string;
  readonly length: Length;
  readonly manner: Manner;
  /** Before it leaves, or stops to read. */
  readonly waitMs: number;
  /** Of the answer, before it leaves. */
  readonly bytes: number;
  /** Over a connection that served others before. */
  readonly reuse: boolean;
  /** Draws for whatever else has to be chosen. */
  readonly random: Random;
}

export function planOf(seed: number, n: number): Plan {
  const random = new Random(seed, n, 2);
  const manner = random.weighted(MANNERS);
  const form = random.weighted<Form>({ v1: 40, chat: 25, get: 10, plain: 25 });
  return {
    n,
    form: fitsManner(form, manner) ? form : 'v1',
    model: random.from(MODELS),
    length: lengthFor(manner, random),
    manner,
    waitMs: random.chance(0.3) ? 0 : random.between(0, 60),
    bytes: random.between(1, 1500),
    reuse: random.chance(0.7),
    random,
  };
}

/** Only a stream can be endless, and only a body can be broken off. */
function fitsManner(form: Form, manner: Manner): boolean {
  return !(manner === 'stalls' && form === 'plain') && !(manner === 'abortsBody' && form === 'get');
}

function lengthFor(manner: Manner, random: Random): Length {
  if (manner === 'stalls') return 'endless';
  return manner === 'pauses' && random.chance(0.3) ? 'long' : 'short';
}

/** Requests that Sluice must refuse by itself: each counts as one rejection. */
export interface WrongRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly type?: string;
  readonly status: number;
}
const messages = [{ role: 'user', content: 'Hi' }];
const V1 = '/v1/chat/completions';
export const WRONG_REQUESTS: readonly WrongRequest[] = [
  { method: 'POST', path: V1, body: '{"model":', status: 400 },
  { method: 'POST', path: V1, body: '{}', status: 400 },
  { method: 'POST', path: V1, body: JSON.stringify({ model: 'none', messages }), status: 404 },
  { method: 'POST', path: V1, body: JSON.stringify({ model: 'x'.repeat(100_000) }), status: 413 },
  { method: 'POST', path: V1, body: 'Hi', type: 'text/plain', status: 400 },
  { method: 'GET', path: V1, status: 405 },
  { method: 'POST', path: '/chat', body: '{"messages":[]}', status: 400 },
  { method: 'POST', path: '/chat/none', body: JSON.stringify({ messages }), status: 404 },
  { method: 'GET', path: '/chat', status: 400 },
  { method: 'GET', path: '/chat/none?message=Hi', status: 404 },
];
