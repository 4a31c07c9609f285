import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { type CallerRequest, type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import { within } from '../support/within.js';

const SLOW_CLIENT_MS = 300;
/** More than the kernel's buffers of both connections can swallow by themselves. */
const OFFERED_BYTES = 16 * 1024 * 1024;
const PIECE = 'x'.repeat(8000);

const messages = [{ role: 'user', content: 'Hi' }];
const forms: [string, (model: string) => CallerRequest][] = [
  ['GET /chat', (model) => ({ path: `/chat/${model}?message=Hi` })],
  ['POST /chat', (model) => ({ path: `/chat/${model}`, body: { messages } })],
  [
    'POST /v1/chat/completions',
    (model) => ({ path: '/v1/chat/completions', body: { model, stream: true, messages } }),
  ],
];
const kinds = [
  ['openai', 'gpt-only', openAi],
  ['ollama', 'llama3', ollama],
] as const;
const everyWay = forms.flatMap(([form, ask]) =>
  kinds.map(([id, model, scripts]) => ({ form, id, scripts, request: ask(model) })),
);

describe('A caller that takes nothing while bytes wait', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  let serverSide: Socket;
  let before: Record<string, number>;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { slowClientMs: SLOW_CLIENT_MS } });
    before = await counts();
    const connected = once(gateway.server, 'connection') as Promise<[Socket]>;
    caller = await SlowCaller.connect(gateway.url);
    [serverSide] = await connected;
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  async function counts(): Promise<Record<string, number>> {
    return {
      slow: await gateway.metric('llm_streams_total', { end_reason: 'slow_client' }),
      streams: await gateway.metric('llm_streams_total'),
      active: await gateway.metric('llm_active_streams'),
    };
  }

  async function bytesWait(): Promise<void> {
    while (serverSide.writableLength === 0) await nextTurn();
  }

  /** Resolves once Sluice destroyed the connection, with how long that took. */
  async function cut(): Promise<number> {
    const since = performance.now();
    // Not `once`: the connection closes with an error that says why.
    const closed = new Promise((resolve) => serverSide.once('close', resolve));
    if (!serverSide.destroyed) await within(closed, 'Sluice leaves the caller');
    return performance.now() - since;
  }

  it.each(everyWay)('is left on $form, and so is $id', async (way) => {
    gateway[way.id].script(way.scripts.streamsForever(PIECE));
    const response = caller.send(way.request);
    await bytesWait();
    const ms = await cut();
    await within(gateway[way.id].left(0), 'the upstream is left');
    expect(await gateway.ended()).toMatchObject({
      endReason: 'slow_client',
      fault: 'slow_client',
      attempts: [{ outcome: 'cancelled' }],
    });
    // Not before its time: what waited in the kernel had stood still before we began to look.
    expect(ms).toBeLessThan(3 * SLOW_CLIENT_MS);
    const now = await counts();
    expect(Object.keys(now).map((name) => now[name]! - before[name]!)).toEqual([1, 1, 0]);
    // It got no last words, which would have waited as well.
    expect(await response.rest()).not.toMatch(/slow_client|event: failed|"error"|done|DONE/i);
    expect(response.cleanEnd).toBe(false);
    expect(gateway.log.text).not.toMatch(/ExceptionsHandler/);
  });

  it.each(everyWay)('loses only its connection on $form when $id had finished', async (way) => {
    // As much as the kernel takes of it, and then a little that Sluice keeps.
    const step = way.scripts.stepper();
    gateway[way.id].script(step.script);
    caller.send(way.request);
    await step.begin();
    while (serverSide.writableLength === 0) {
      const { bytesWritten } = serverSide;
      await step.next(PIECE);
      while (serverSide.bytesWritten < bytesWritten + PIECE.length) await nextTurn();
    }
    await step.finish();
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
    await cut();
    const { streams, active } = await counts();
    expect([streams, active]).toEqual([before['streams']! + 1, before['active']]);
  });

  it.each(kinds)('loses only its connection when %s gave a whole answer', async (id, model) => {
    const scripts = id === 'openai' ? openAi : ollama;
    gateway[id].script(scripts.answersText('x'.repeat(OFFERED_BYTES)));
    caller.send({ path: '/v1/chat/completions', body: { model, stream: false, messages } });
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
    await cut();
    expect(await counts()).toMatchObject({
      slow: before['slow'],
      streams: before['streams']! + 1,
    });
  });

  it('is left with what is no answer, too', async () => {
    // Far more pages than the kernel takes.
    for (let n = 0; n < 400; n += 1) caller.send({ path: '/docs/swagger-ui-bundle.js' });
    await bytesWait();
    expect(await cut()).toBeLessThan(3 * SLOW_CLIENT_MS);
  });
});

describe('A caller that is not slow', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  beforeEach(async () => {
    gateway = await Gateway.start({ streams: { slowClientMs: SLOW_CLIENT_MS } });
    caller = await SlowCaller.connect(gateway.url);
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  it.each(everyWay)('gets every byte of $id on $form, however slowly it reads', async (way) => {
    const pieces = Array.from({ length: OFFERED_BYTES / PIECE.length }, () => PIECE);
    gateway[way.id].script(way.scripts.streamsText(pieces));
    const response = caller.send(way.request);
    // Its own pace, several times slowClientMs altogether: nothing in Sluice is waited for here.
    for (let read = 1; read > 0;) {
      read = (await response.read(1024 * 1024)).length;
      if (read > 0) await new Promise((resolve) => setTimeout(resolve, SLOW_CLIENT_MS / 3));
    }
    expect(response.cleanEnd).toBe(true);
    expect(response.text.split(PIECE)).toHaveLength(pieces.length + 1);
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
  });

  it.each(everyWay)('waits for $id on $form as long as it takes', async (way) => {
    const step = way.scripts.stepper();
    gateway[way.id].script(step.script);
    const response: CallerResponse = caller.send(way.request);
    await step.next('one');
    await response.readUntil('one');
    // The upstream's own silence.
    await new Promise((resolve) => setTimeout(resolve, 3 * SLOW_CLIENT_MS));
    await step.next('two');
    await step.finish();
    expect(await response.rest()).toContain('two');
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
  });

  it('keeps its connection for the next request, and takes no timeout along', async () => {
    const next = once(gateway.server, 'request') as Promise<[unknown, { socket: Socket }]>;
    gateway.openai.script(openAi.streamsText(['Hi']));
    const [, ask] = forms[2]!;
    const first = caller.send(ask('gpt-only'));
    const [, { socket }] = await next;
    const listeners = socket.listenerCount('timeout');
    await first.rest();
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const second = caller.send(ask('gpt-only'));
    await step.next('slowly');
    await second.readUntil('slowly');
    expect(socket.listenerCount('timeout')).toBe(listeners);
    await step.finish();
    await second.rest();
    expect([first.cleanEnd, second.cleanEnd]).toEqual([true, true]);
    // Nothing of ours is left on a connection between two requests.
    await nextTurn();
    expect(socket.timeout).toBeGreaterThan(SLOW_CLIENT_MS);
    const third = caller.send({ path: '/livez' });
    expect((await third.head()).status).toBe(200);
    await third.rest();
  });
});
