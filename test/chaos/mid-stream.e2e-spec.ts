import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { ANTHROPIC_STREAM_TYPE, anthropicEvent, textDelta } from '../support/anthropic-script.js';
import { MAX_EVENT_BYTES, Gateway, type GatewaySettings } from '../support/gateway.js';
import { contentChunk, sse } from '../support/openai-script.js';
import { EVERY_WAY } from '../support/route-forms.js';
import type { UpstreamScript } from '../support/scripted-upstream.js';

const STREAMING_WAYS = EVERY_WAY.filter(({ streams }) => streams);

/** How each kind says things that are no good answer. */
const WORDS = {
  openai: {
    type: 'text/event-stream',
    text: (text: string) => sse(contentChunk(text)),
    ping: ': ping\n\ndata: {"choices":[]}\n\n',
    noise: 'data: <br>\n\n',
    broken: 'data: {"choices":[{"delta":\n\n',
  },
  ollama: {
    type: 'application/x-ndjson',
    text: (text: string) => `${JSON.stringify({ message: { content: text }, done: false })}\n`,
    ping: '\n{"message":{"content":""},"done":false}\n',
    noise: '<br>\n',
    broken: '{"message":{"content":\n',
  },
  anthropic: {
    type: ANTHROPIC_STREAM_TYPE,
    text: (text: string) => anthropicEvent(textDelta(text)),
    ping: ': ping\n\nevent: ping\ndata: {"type":"ping"}\n\n',
    noise: 'data: <br>\n\n',
    broken: 'data: {"type":"content_block_delta","delta":\n\n',
  },
} as const;

let gateway: Gateway;
afterEach(() => gateway.close());

async function start(settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start(settings);
}

describe.each(STREAMING_WAYS)('$form: a stream of $id', ({ id, model, scripts, ask }) => {
  const words = WORDS[id];

  /** Some text, then these bytes, then silence. */
  const thenSays =
    (bytes: string): UpstreamScript =>
    async (exchange) => {
      exchange.open(words.type);
      await exchange.write(words.text('Hel') + bytes);
    };

  /** The caller has what there was, and is told that it is not all; the books say so, too. */
  async function expectFailure(fault: string, endReason = 'upstream_error'): Promise<void> {
    const { text, isWhole, failure } = await ask(gateway, model);
    expect({ text, isWhole, failure }).toEqual({ text: 'Hel', isWhole: false, failure: fault });
    expect(await gateway.ended()).toMatchObject({
      endReason,
      fault,
      attempts: [{ outcome: fault }],
    });
    expect(gateway[id].requests).toHaveLength(1);
  }

  it.each([
    ['ends', scripts.streamsTextThenEnds(['Hel'])],
    ['closes its connection', scripts.streamsTextThenCuts(['Hel'])],
    ['resets its connection', scripts.resetsAfter(['Hel'])],
  ])('that %s in the middle was cut', async (_, script) => {
    await start();
    gateway[id].script(script);
    await expectFailure('upstream_cut', 'upstream_cut');
  });

  it('that says in the middle that it failed has failed', async () => {
    await start();
    gateway[id].script(scripts.inBandError('boom', ['Hel']));
    await expectFailure('upstream_unavailable');
  });

  it('with a broken event has lost content: it was cut, and its upstream is left', async () => {
    await start();
    gateway[id].script(thenSays(words.broken));
    await expectFailure('upstream_cut', 'upstream_cut');
    await gateway[id].left(0);
  });

  it('with an event of over maxEventBytes is no stream of the protocol, and its upstream is left', async () => {
    await start();
    gateway[id].script(thenSays(words.text('x'.repeat(MAX_EVENT_BYTES))));
    await expectFailure('upstream_protocol');
    await gateway[id].left(0);
  });

  it('that falls silent is left after idleMs', async () => {
    await start({ streams: { idleMs: 100 } });
    gateway[id].script(scripts.stallsAfter(['Hel']));
    await expectFailure('idle_timeout', 'idle_timeout');
    await gateway[id].left(0);
  });

  it('that sends pings instead of content is left after idleMs, too', async () => {
    await start({ streams: { idleMs: 100 } });
    gateway[id].script(async (exchange) => {
      exchange.open(words.type);
      await exchange.write(words.text('Hel'));
      for (;;) {
        await exchange.write(words.ping);
        await nextTurn();
      }
    });
    await expectFailure('idle_timeout', 'idle_timeout');
    await gateway[id].left(0);
  });

  it('with noise in it is not harmed, and the noise is counted', async () => {
    await start();
    const before = await gateway.metric('llm_upstream_malformed_events_total', { backend: id });
    gateway[id].script(async (exchange) => {
      const step = scripts.stepper();
      await step.script(exchange);
      await step.next('Hel');
      await step.send(words.noise);
      await step.next('lo');
      await step.finish();
    });
    expect(await ask(gateway, model)).toMatchObject({ text: 'Hello', isWhole: true });
    const after = await gateway.metric('llm_upstream_malformed_events_total', { backend: id });
    expect(after - before).toBe(1);
  });

  it('is whole once it said so, whatever becomes of its connection', async () => {
    await start();
    gateway[id].script(async (exchange) => {
      const step = scripts.stepper();
      await step.script(exchange);
      await step.next('Hello');
      await step.sayFinished();
      await step.reset();
    });
    expect(await ask(gateway, model)).toMatchObject({ text: 'Hello', isWhole: true });
    expect(await gateway.ended()).toMatchObject({ endReason: 'completed' });
  });
});

describe.each(EVERY_WAY)(
  '$form: a whole request to $id',
  ({ id, model, scripts, ask, streams }) => {
    it('ends after totalMs, and so does its upstream', async () => {
      await start({ streams: { totalMs: 200 } });
      gateway[id].script(
        streams
          ? scripts.streamsForever('x')
          : async (exchange) => {
              exchange.open('application/json');
              await exchange.write('{"half":');
            },
      );
      const { isWhole, failure } = await ask(gateway, model);
      expect([isWhole, failure]).toEqual([false, 'total_timeout']);
      await gateway[id].left(0);
      expect(await gateway.ended()).toMatchObject({ endReason: 'total_timeout' });
    });
  },
);
