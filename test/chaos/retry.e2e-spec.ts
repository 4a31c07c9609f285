import { afterEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAiError } from '../support/openai-script.js';
import { EVERY_WAY, UPSTREAM_KINDS } from '../support/route-forms.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';
import { SilentServer } from '../support/silent-server.js';
import { upstreamSent } from '../support/undici-events.js';
import {
  cutsBeforeHeaders,
  failsWith,
  replays,
  resetsBeforeHeaders,
  stallsBeforeHeaders,
} from '../support/upstream-scripts.js';

/** One retry, at once. */
const RETRIES = { limit: 1, baseDelayMs: 0 };

const says = (status: number, code: string | null = null, headers = {}) =>
  failsWith(status, openAiError('no', { code }), headers);

let gateway: Gateway;
afterEach(() => gateway.close());

async function start(settings: GatewaySettings = {}): Promise<Gateway> {
  gateway = await Gateway.start({ retry: RETRIES, ...settings });
  return gateway;
}

const requests = () => [gateway.openai.requests.length, gateway.ollama.requests.length];
async function outcomes(n = 0): Promise<string[]> {
  const { attempts } = await gateway.ended(n);
  return (attempts as { outcome: string }[]).map(({ outcome }) => outcome);
}

const TRANSIENT: readonly (readonly [string, string, UpstreamScript])[] = [
  ['answers 500', 'upstream_unavailable', says(500)],
  ['answers 503', 'upstream_unavailable', says(503)],
  ['times out itself (408)', 'upstream_unavailable', says(408)],
  ['resets the connection', 'upstream_unavailable', resetsBeforeHeaders()],
  ['closes the connection', 'upstream_unavailable', cutsBeforeHeaders()],
  ['answers 429 without saying until when', 'rate_limited', says(429)],
];

describe.each(EVERY_WAY)('$form: a target of kind $id', ({ id, model, says: answers, ask }) => {
  it.each(TRANSIENT)('is asked again when it %s', async (_, fault, script) => {
    await start();
    gateway[id].script(script, answers('Hello'));
    expect(await ask(gateway, model)).toMatchObject({ text: 'Hello', isWhole: true });
    expect(await outcomes()).toEqual([fault, 'ok']);
    expect(gateway[id].requests).toHaveLength(2);
  });

  it('is asked no more than once again, and its last failure is the answer', async () => {
    await start();
    gateway[id].script(says(500));
    const { failure, isWhole } = await ask(gateway, model);
    expect([failure, isWhole]).toEqual(['upstream_unavailable', false]);
    expect(gateway[id].requests).toHaveLength(2);
  });

  it.each([
    [400, 'invalid_request'],
    [401, 'upstream_credentials'],
    [404, 'upstream_model_missing'],
    [402, 'quota_exhausted'],
  ])('is not asked again after a %i', async (status, fault) => {
    await start();
    gateway[id].script(says(status));
    expect((await ask(gateway, model)).isWhole).toBe(false);
    expect(await outcomes()).toEqual([fault]);
  });

  it('is not asked again when it answers in no protocol', async () => {
    await start();
    gateway[id].script(replays('text/html', '<p>Welcome</p>'));
    expect((await ask(gateway, model)).failure).toBe('upstream_protocol');
    expect(gateway[id].requests).toHaveLength(1);
  });

  it('is not asked again when it stayed silent, also as the last target', async () => {
    await start({ streams: { firstTokenMs: 100, answerMs: 100 } });
    gateway[id].script(stallsBeforeHeaders());
    expect((await ask(gateway, model)).failure).toBe('first_token_timeout');
    await gateway[id].left(0);
    expect(gateway[id].requests).toHaveLength(1);
  });
});

describe.each(UPSTREAM_KINDS)('a stream of kind $id', ({ id, model, scripts, says: answers }) => {
  it.each([
    ['an event that is an error', 'upstream_unavailable', scripts.inBandError('boom')],
    ['neither content nor an end', 'upstream_cut', scripts.streamsTextThenEnds([])],
    ['a reset before its content', 'upstream_cut', scripts.resetsAfter([])],
  ])('that begins with %s is asked for again', async (_, fault, script) => {
    await start();
    gateway[id].script(script, answers('Hello'));
    const response = await gateway.complete({ model });
    expect(await response.text()).toContain('[DONE]');
    expect(await outcomes()).toEqual([fault, 'ok']);
  });
});

describe('A Retry-After', () => {
  it.each([
    ['milliseconds', { 'retry-after-ms': '300' }, 300],
    ['seconds', { 'retry-after': '1' }, 1000],
  ])('in %s is waited out on the same target', async (_, headers, ms) => {
    await start({ retry: { limit: 1, maxRetryAfterMs: 1000 } });
    gateway.openai.script(says(429, null, headers), UPSTREAM_KINDS[0]!.says('Hello'));
    expect((await gateway.complete({ model: 'gpt-4o' })).headers.get('x-sluice-backend')).toBe(
      'openai',
    );
    const [first, second] = gateway.openai.requests;
    expect(second!.receivedAt - first!.receivedAt).toBeGreaterThanOrEqual(ms);
    expect(requests()).toEqual([2, 0]);
  });

  it.each([
    ['milliseconds', { 'retry-after-ms': '1001' }],
    ['seconds', { 'retry-after': '2' }],
    ['a date', { 'retry-after': new Date(Date.now() + 3_600_000).toUTCString() }],
  ])('over maxRetryAfterMs, in %s, sends the request to the next target', async (_, headers) => {
    await start();
    gateway.openai.script(says(429, null, headers));
    gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Hello'));
    const response = await gateway.complete({ model: 'gpt-4o' });
    expect(response.headers.get('x-sluice-backend')).toBe('ollama');
    expect(requests()).toEqual([1, 1]);
  });

  it('comes back to the caller when nobody is left', async () => {
    await start();
    gateway.openai.script(says(429, null, { 'retry-after': '7' }));
    const response = await gateway.complete({ model: 'gpt-only' });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(requests()).toEqual([1, 0]);
  });

  it('keeps other requests away from the target until then', async () => {
    await start();
    gateway.openai.script(says(429, null, { 'retry-after': '60' }));
    gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Hello'));
    for (let n = 0; n < 3; n += 1) await (await gateway.complete({ model: 'gpt-4o' })).text();
    expect(requests()).toEqual([1, 3]);
  });
});

describe('A wait before a retry', () => {
  const LONG = { retry: { limit: 1, maxRetryAfterMs: 60_000 } };
  const limited = says(429, null, { 'retry-after': '30' });

  it.each(EVERY_WAY)('ends when the caller of $id leaves ($form)', async ({ id, model, ask }) => {
    await start(LONG);
    const caller = new AbortController();
    gateway[id].script(limited);
    const refused = upstreamSent('trailers');
    const asking = ask(gateway, model, {}, caller.signal).catch(() => undefined);
    await refused;
    caller.abort();
    expect(await gateway.ended()).toMatchObject({
      endReason: 'client_closed',
      attempts: [{ outcome: 'rate_limited' }],
    });
    await asking;
    expect(gateway[id].requests).toHaveLength(1);
  });

  it.each(EVERY_WAY)('is part of totalMs ($form, $id)', async ({ id, model, ask }) => {
    await start({ ...LONG, streams: { totalMs: 200 } });
    gateway[id].script(limited);
    expect((await ask(gateway, model)).failure).toBe('total_timeout');
    expect(await gateway.ended()).toMatchObject({ endReason: 'total_timeout' });
    expect(gateway[id].requests).toHaveLength(1);
  });
});

describe('A target that cannot be reached', () => {
  it('is tried twice when it refuses the connection', async () => {
    await start();
    await gateway.openai.close();
    const { status } = await gateway.complete({ model: 'gpt-only' });
    expect(status).toBe(502);
    expect(await outcomes()).toEqual(['upstream_unavailable', 'upstream_unavailable']);
  });

  it('is tried once when it does not answer the connection', async () => {
    const silent = await SilentServer.start();
    await start({
      backends: [{ id: 'silent', kind: 'openai', baseUrl: silent.url, connectMs: 100 }],
      models: [{ id: 'm', targets: ['silent/m'] }],
    });
    expect((await gateway.complete({ model: 'm' })).status).toBe(502);
    expect(await outcomes()).toEqual(['upstream_unavailable']);
    await silent.close();
  });
});

describe('The retry budget', () => {
  it('is bounded: an outage is not doubled by its gateway', async () => {
    await start({ retryBudget: { ratio: 0, minRetries: 2 }, breaker: { failures: 1000 } });
    gateway.openai.script(says(500));
    for (let n = 0; n < 10; n += 1) await gateway.complete({ model: 'gpt-only' });
    expect(requests()).toEqual([12, 0]);
  });

  it('that may not be done on a target leaves the request to the next one', async () => {
    await start({ retryBudget: { ratio: 0, minRetries: 0 } });
    gateway.openai.script(says(500));
    gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Hello'));
    expect((await gateway.complete({ model: 'gpt-4o' })).status).toBe(200);
    expect(requests()).toEqual([1, 1]);
  });
});

const window = (backend: string, contextWindow?: number) => ({
  backend,
  model: 'x',
  ...(contextWindow !== undefined && { contextWindow }),
});

describe('A prompt that is too long', () => {
  it.each<[string, [number | undefined, number | undefined], number]>([
    ['goes on to a target with a larger window', [1000, 2000], 1],
    ['goes on to a target that does not say how large it is', [1000, undefined], 1],
    ['goes on from a target that does not say how large it is', [undefined, 1000], 1],
    ['does not go on to a target that is as small', [1000, 1000], 0],
    ['does not go on to a smaller target', [1000, 500], 0],
  ])('%s', async (_, [first, second], asked) => {
    await start({
      models: [{ id: 'm', targets: [window('openai', first), window('ollama', second)] }],
    });
    gateway.openai.script(says(400, 'context_length_exceeded'));
    gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Hello'));
    const { status } = await gateway.complete({ model: 'm' });
    expect(status).toBe(asked ? 200 : 400);
    expect(requests()).toEqual([1, asked]);
  });
});

it('A prompt that was filtered is never taken around the filter', async () => {
  await start();
  gateway.openai.script(says(400, 'content_filter'));
  expect((await gateway.complete({ model: 'gpt-4o' })).status).toBe(400);
  expect(requests()).toEqual([1, 0]);
});
