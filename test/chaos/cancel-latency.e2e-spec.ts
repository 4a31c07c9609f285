import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { type CallerRequest, type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';
import { upstreamSent } from '../support/undici-events.js';

const CALLERS = 100;
const P99_MS = 50;

const kinds = [
  ['openai', 'gpt-only', openAi],
  ['ollama', 'llama3', ollama],
] as const;
type Kind = (typeof kinds)[number];

const MODELS = [
  { id: 'gpt-only', targets: ['openai/gpt'], recovery: 'always' },
  { id: 'llama3', targets: ['ollama/llama3'], recovery: 'always' },
];
const messages = [{ role: 'user', content: 'Hi' }];
const forms: readonly ((model: string) => CallerRequest)[] = [
  (model) => ({ path: `/chat/${model}?message=Hi` }),
  (model) => ({ path: '/v1/chat/completions', body: { model, stream: true, messages } }),
];
const whole = (model: string): CallerRequest => ({
  path: '/v1/chat/completions',
  body: { model, stream: false, messages },
});

/** Where a request is when its caller leaves, and how a test knows that it is there. */
interface Phase {
  readonly forms: readonly ((model: string) => CallerRequest)[];
  readonly script: (kind: Kind) => UpstreamScript;
  /** How many requests the upstream has had by then; the last one is left. */
  readonly requests?: number;
  readonly reached: (response: CallerResponse, serverSide: Socket) => Promise<unknown>;
}
const PHASES: readonly Phase[] = [
  { forms, script: stallsBeforeHeaders, reached: () => nextTurn() },
  { forms, script: ([, , scripts]) => scripts.stallsAfter([]), reached: () => nextTurn() },
  {
    forms,
    script: ([, , scripts]) => scripts.stallsAfter(['Hel', 'lo']),
    reached: (response) => response.readUntil('lo'),
  },
  {
    forms,
    script: ([, , scripts]) => scripts.streamsForever('x'.repeat(16_000)),
    reached: async (_, serverSide) => {
      while (serverSide.writableLength === 0) await nextTurn();
    },
  },
  { forms: [whole], script: stallsBeforeHeaders, reached: () => nextTurn() },
  // It was cut, and is being generated again.
  { forms, script: cutThenStalls, requests: 2, reached: () => nextTurn() },
];

function cutThenStalls([, , scripts]: Kind): UpstreamScript {
  let asked = 0;
  return (exchange) => {
    const script =
      asked++ === 0 ? scripts.streamsTextThenCuts(['Hel', 'lo']) : scripts.stallsAfter(['Hel']);
    return script(exchange);
  };
}

describe('The time from a caller’s leaving to the closed upstream connection', () => {
  let gateway: Gateway;
  let before: number;
  const latencies: number[] = [];
  const latenciesCounted = () => gateway.metric('llm_cancel_latency_seconds_count');

  beforeAll(async () => {
    gateway = await Gateway.start({
      models: MODELS,
      retryBudget: { ratio: 1, minRetries: CALLERS },
    });
    before = await latenciesCounted();
    const leaving: (() => Promise<number>)[] = [];
    for (let n = 0; n < CALLERS; n += 1) leaving.push(await callerInPhase(n));
    // One after the other, all the others being there: what is measured is Sluice, not a stampede.
    for (const leave of leaving) latencies.push(await leave());
    for (let n = 0; n < CALLERS; n += 1) await gateway.ended(n);
  });
  afterAll(() => gateway.close());

  /** A caller whose request is where the n-th phase has it. */
  async function callerInPhase(n: number): Promise<() => Promise<number>> {
    const kind = kinds[n % kinds.length]!;
    const phase = PHASES[Math.floor(n / 2) % PHASES.length]!;
    const form = phase.forms[Math.floor(n / 10) % phase.forms.length]!;
    const [id, model] = kind;
    gateway[id].script(phase.script(kind));
    const connected = once(gateway.server, 'connection') as Promise<[Socket]>;
    const caller = await SlowCaller.connect(gateway.url);
    const [serverSide] = await connected;
    const nth = gateway[id].requests.length + (phase.requests ?? 1) - 1;
    const response = caller.send(form(model));
    await gateway[id].request(nth);
    await phase.reached(response, serverSide);
    return async () => {
      const leftAt = performance.now();
      caller.leave();
      await gateway[id].left(nth);
      return performance.now() - leftAt;
    };
  }

  it(`is under ${P99_MS} ms at p99, in every phase, with both backends`, () => {
    const sorted = latencies.toSorted((one, other) => one - other);
    expect(sorted).toHaveLength(CALLERS);
    expect(sorted[Math.ceil(0.99 * CALLERS) - 1]).toBeLessThan(P99_MS);
  });

  it('is measured once for every attempt that was cancelled', async () => {
    const ended = await Promise.all(latencies.map((_, n) => gateway.ended(n)));
    expect(new Set(ended.map(({ endReason }) => endReason))).toEqual(new Set(['client_closed']));
    expect((await latenciesCounted()) - before).toBe(CALLERS);
  });
});

describe('The time from a caller’s leaving to the end of its request', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  /** Leaves `times` requests, one after the other, once each has come to where `reached` knows it to be. */
  async function leave(times: number, reached: () => Promise<unknown>): Promise<number> {
    const latencies: number[] = [];
    for (let n = 0; n < times; n += 1) {
      const caller = await SlowCaller.connect(gateway.url);
      const isThere = reached();
      caller.send(forms[n % forms.length]!('gpt-only'));
      await isThere;
      const leftAt = performance.now();
      caller.leave();
      await gateway.ended(n);
      latencies.push(performance.now() - leftAt);
    }
    return Math.max(...latencies);
  }

  it('is as short while it waits for room, and its upstream never hears of it', async () => {
    gateway = await Gateway.start({ room: { openai: 1 } });
    gateway.openai.script(stallsBeforeHeaders());
    const first = await SlowCaller.connect(gateway.url);
    first.send(whole('gpt-only'));
    await gateway.openai.request(0);
    const queued = async () => once(gateway.server, 'request').then(() => nextTurn());
    expect(await leave(20, queued)).toBeLessThan(P99_MS);
    expect(gateway.openai.requests).toHaveLength(1);
    first.leave();
  });

  it('is as short while a retry is waited for, and it is not made', async () => {
    gateway = await Gateway.start({ retry: { limit: 1, maxRetryAfterMs: 60_000 } });
    gateway.openai.script(failsWith(429, {}, { 'retry-after': '30' }));
    expect(await leave(20, () => upstreamSent('trailers'))).toBeLessThan(P99_MS);
    expect(gateway.openai.requests).toHaveLength(20);
  });
});
