import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { type CallerRequest, type CallerResponse, SlowCaller } from '../support/slow-caller.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

/** Far more than it takes, far less than a person would notice on a bill. */
const AT_ONCE_MS = 500;

const messages = [{ role: 'user', content: 'Hi' }];
const completion = (model: string, stream: boolean): CallerRequest => ({
  path: '/v1/chat/completions',
  body: { model, stream, messages },
});
const streamingForms: [string, (model: string) => CallerRequest][] = [
  ['GET /chat', (model) => ({ path: `/chat/${model}?message=Hi` })],
  ['POST /chat', (model) => ({ path: `/chat/${model}`, body: { messages } })],
  ['POST /v1/chat/completions', (model) => completion(model, true)],
];
const kinds = [
  ['openai', 'gpt-only', openAi],
  ['ollama', 'llama3', ollama],
] as const;
const everyWay = streamingForms.flatMap(([form, ask]) =>
  kinds.map(([id, model, scripts]) => ({ form, id, scripts, request: ask(model) })),
);

/** Resolves once Sluice has read the headers of its upstream. */
function upstreamAccepted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  diagnostics.subscribe('undici:request:headers', function seen() {
    diagnostics.unsubscribe('undici:request:headers', seen);
    resolve();
  });
  return promise;
}

describe('when the caller leaves', () => {
  let gateway: Gateway;
  let caller: SlowCaller;
  let serverSide: Socket;
  let before: Record<string, number>;
  beforeEach(async () => {
    gateway = await Gateway.start();
    before = await counts();
    const connected = once(gateway.server, 'connection');
    caller = await SlowCaller.connect(gateway.url);
    [serverSide] = (await connected) as [Socket];
  });
  afterEach(async () => {
    caller.leave();
    await gateway.close();
  });

  async function counts(): Promise<Record<string, number>> {
    const end_reason = 'client_closed';
    return {
      clientClosed: await gateway.metric('llm_streams_total', { end_reason }),
      streams: await gateway.metric('llm_streams_total'),
      durations: await gateway.metric('llm_stream_duration_seconds_count', { end_reason }),
      active: await gateway.metric('llm_active_streams'),
    };
  }

  /** Leaves; resolves with what became of it once the upstream saw it and the books are written. */
  async function leave(backend: 'openai' | 'ollama'): Promise<object> {
    const leftAt = performance.now();
    caller.leave();
    await gateway[backend].left(0);
    const atOnce = performance.now() - leftAt < AT_ONCE_MS;

    const { endReason, fault, attempts } = await gateway.ended();
    const outcomes = (attempts as { outcome: string }[]).map(({ outcome }) => outcome);
    const now = await counts();
    const lines = gateway.log.text.split('generation ended').length - 1;
    const counted = Object.keys(now).map((name) => now[name]! - before[name]!);
    return { atOnce, endReason, fault, outcomes, counted, lines };
  }

  const LEFT_AT_ONCE = {
    atOnce: true,
    endReason: 'client_closed',
    fault: undefined,
    outcomes: ['cancelled'],
    // One stream, left by its caller, its duration once; none is running any more.
    counted: [1, 1, 1, 0],
    lines: 1,
  };

  it.each(everyWay)('$form leaves $id while it waits for the headers', async (way) => {
    gateway[way.id].script(stallsBeforeHeaders());
    caller.send(way.request);
    await gateway[way.id].request(0);
    expect(await leave(way.id)).toEqual(LEFT_AT_ONCE);
  });

  it.each(everyWay)('$form leaves $id before the first content', async (way) => {
    const accepted = upstreamAccepted();
    const step = way.scripts.stepper();
    gateway[way.id].script(step.script);
    caller.send(way.request);
    await step.begin();
    await step.open();
    await accepted;
    expect(await leave(way.id)).toEqual(LEFT_AT_ONCE);
  });

  it.each(everyWay)('$form leaves $id mid-stream', async (way) => {
    gateway[way.id].script(way.scripts.stallsAfter(['Hel', 'lo']));
    const response = caller.send(way.request);
    await response.readUntil('lo');
    expect(await leave(way.id)).toEqual(LEFT_AT_ONCE);
  });

  it.each(everyWay)('$form leaves $id with bytes waiting that it never read', async (way) => {
    gateway[way.id].script(way.scripts.streamsForever('x'.repeat(4000)));
    caller.send(way.request);
    while (serverSide.writableLength === 0) await nextTurn();
    expect(await leave(way.id)).toEqual(LEFT_AT_ONCE);
  });

  it.each(kinds)('%s is left while it writes a whole answer', async (id, model) => {
    const accepted = upstreamAccepted();
    gateway[id].script((exchange) => {
      exchange.open('application/json');
      return exchange.write('{"id":"half');
    });
    caller.send(completion(model, false));
    await accepted;
    expect(await leave(id)).toEqual(LEFT_AT_ONCE);
  });

  it.each(kinds)('%s is left while it thinks of a whole answer', async (id, model) => {
    gateway[id].script(stallsBeforeHeaders());
    caller.send(completion(model, false));
    await gateway[id].request(0);
    expect(await leave(id)).toEqual(LEFT_AT_ONCE);
  });

  it.each<[string, CallerRequest]>([
    ...streamingForms.map(([form, ask]): [string, CallerRequest] => [form, ask('gpt-4o')]),
    ['stream: false', completion('gpt-4o', false)],
  ])('%s leaves the second target, and no third request is made', async (_, request) => {
    gateway.openai.script(failsWith(500, {}));
    gateway.ollama.script(stallsBeforeHeaders());
    caller.send(request);
    await gateway.ollama.request(0);
    expect(await leave('ollama')).toEqual({
      ...LEFT_AT_ONCE,
      outcomes: ['upstream_unavailable', 'cancelled'],
    });
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([1, 1]);
  });

  it.each(everyWay)(
    '$form is completed when it leaves right behind the end of $id',
    async (way) => {
      gateway[way.id].script(way.scripts.streamsText(['Hel', 'lo']));
      const response: CallerResponse = caller.send(way.request);
      await response.readUntil(way.form.includes('/v1/') ? '[DONE]' : 'event: done');
      caller.leave();
      expect(await gateway.ended()).toMatchObject({ endReason: 'completed', finishReason: 'stop' });
      const { clientClosed, streams } = await counts();
      expect([clientClosed, streams]).toEqual([before['clientClosed'], before['streams']! + 1]);
      expect(gateway[way.id].requests[0]!.isClosed).toBe(false);
    },
  );
});
