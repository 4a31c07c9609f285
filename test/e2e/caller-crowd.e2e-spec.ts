import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatEventOf } from '../support/chat-events.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import type { UpstreamExchange } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import type { Stepper } from '../support/stepper.js';

const CALLERS = Array.from({ length: 100 }, (_, n) => n);
const ROUNDS = [0, 1, 2, 3];

/** A quarter of the callers each: two forms, two backends. */
const modelOf = (n: number) => (n % 2 === 0 ? 'gpt-only' : 'llama3');
const isChat = (n: number) => n % 4 < 2;

/** The next piece of text; nothing at the end of the answer. */
async function nextText(reader: SseReader): Promise<string | undefined> {
  for (;;) {
    const item = await reader.nextEvent();
    if (item?.data === '[DONE]') return undefined;
    const { type, data } = chatEventOf(item);
    if (type === 'done') return undefined;
    const [choice] = (data['choices'] ?? [{ delta: { content: data['text'] } }]) as [Choice];
    if (choice.delta.content) return choice.delta.content;
  }
}

interface Choice {
  readonly delta: { readonly content?: string };
}

describe('a hundred callers at once', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
  });
  afterAll(() => gateway.close());

  function ask(n: number): Promise<Response> {
    const messages = [{ role: 'user', content: String(n) }];
    const model = modelOf(n);
    return isChat(n)
      ? gateway.post(`/chat/${model}`, { messages })
      : gateway.post('/v1/chat/completions', { model, stream: true, messages });
  }

  /** Steppers by the number of the caller, once the last of a hundred requests arrived upstream. */
  function steppers(): Promise<Stepper[]> {
    const { promise, resolve } = Promise.withResolvers<Stepper[]>();
    const all: Stepper[] = [];
    let arrived = 0;
    const script = (scripts: typeof openAi | typeof ollama) => (exchange: UpstreamExchange) => {
      const [message] = exchange.request.body['messages'] as [{ content: string }];
      const step = scripts.stepper();
      void step.script(exchange);
      all[Number(message.content)] = step;
      arrived += 1;
      if (arrived === CALLERS.length) resolve(all);
    };
    gateway.openai.script(script(openAi));
    gateway.ollama.script(script(ollama));
    return promise;
  }

  it('are all served in turns, each with its own answer, on connections of their own', async () => {
    const arriving = steppers();
    const asking = CALLERS.map(ask);
    const steps = await arriving;
    let readers: SseReader[] | undefined;
    for (const round of ROUNDS) {
      // Nobody gets the next token before everybody has this one.
      const texts = CALLERS.map((n) => `caller ${n}, round ${round}`);
      await Promise.all(steps.map((step, n) => step.next(texts[n]!)));
      readers ??= (await Promise.all(asking)).map((response) => new SseReader(response));
      expect(await Promise.all(readers.map(nextText))).toEqual(texts);
    }
    expect(await gateway.metric('llm_active_streams')).toBe(100);
    await Promise.all(steps.map((step) => step.finish()));
    const ends = await Promise.all(readers!.map(nextText));
    expect(ends).toEqual(CALLERS.map(() => undefined));

    await gateway.ended(99);
    expect(await gateway.metric('llm_active_streams')).toBe(0);
    expect(await gateway.metric('llm_streams_total', { end_reason: 'completed' })).toBe(100);
    expect([gateway.openai.connections, gateway.ollama.connections]).toEqual([50, 50]);
  });

  it('all get every token at full speed, over the connections that are there', async () => {
    const tokens = Array.from({ length: 200 }, (_, n) => `${n} `);
    gateway.openai.script(openAi.streamsText(tokens));
    gateway.ollama.script(ollama.streamsText(tokens));
    const answers = await Promise.all(
      CALLERS.map(async (n) => {
        const reader = new SseReader(await ask(n));
        let answer = '';
        for (let text = await nextText(reader); text; text = await nextText(reader)) answer += text;
        return answer;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([tokens.join('')]));
    expect([gateway.openai.requests.length, gateway.ollama.requests.length]).toEqual([100, 100]);
    expect([gateway.openai.connections, gateway.ollama.connections]).toEqual([50, 50]);
  });
});
