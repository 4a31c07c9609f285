import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';
import { upstreamSent } from '../support/undici-events.js';
import { within } from '../support/within.js';

describe('a request whose first target failed', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ room: { ollama: 1 } });
    gateway.openai.script(failsWith(500, {}));
  });
  afterEach(() => gateway.close());

  const ask = () =>
    gateway.complete({ model: 'gpt-4o' }).then((response) => readCompletion(response));

  it('waits for room at the next one, whose limit holds for it, too', async () => {
    const step = ollama.stepper();
    gateway.ollama.script(step.script, ollama.streamsText(['second']));
    const first = ask();
    await gateway.ollama.request(0);

    const failed = upstreamSent('trailers');
    const second = ask();
    await failed;
    await step.next('first');
    expect(gateway.ollama.requests).toHaveLength(1);
    await step.finish();
    expect((await first).text).toBe('first');
    expect((await second).text).toBe('second');
    expect(await gateway.ended(1)).toMatchObject({ queuedMs: expect.any(Number) });
  });

  it('records how long it waited, also when it is refused then', async () => {
    gateway = await replaced({
      room: { ollama: 1 },
      limits: { queue: { size: 1, maxWaitMs: 100 } },
    });
    gateway.openai.script(failsWith(500, {}));
    gateway.ollama.script(ollama.stallsAfter(['x']));
    const caller = new AbortController();
    const held = await gateway.complete({ model: 'llama3' }, {}, caller.signal);
    const { status } = await gateway.complete({ model: 'gpt-4o' });
    expect(status).toBe(502);
    expect((await gateway.ended())['queuedMs']).toBeGreaterThan(90);
    caller.abort();
    await held.text().catch(() => undefined);
  });

  it('goes to a target that has room and is well again while it waits', async () => {
    gateway = await replaced({ room: { ollama: 1 } });
    gateway.ollama.script(ollama.stallsAfter(['x']));
    const caller = new AbortController();
    const held = await gateway.complete({ model: 'llama3' }, {}, caller.signal);
    // It rests for 1.2 s, and the other one is full for longer than that.
    const limited = failsWith(429, {}, { 'retry-after-ms': '1200' });
    gateway.openai.script(limited, openAi.streamsText(['well again']));
    await (await gateway.complete({ model: 'gpt-only' })).text();
    expect((await ask()).text).toBe('well again');
    caller.abort();
    await held.text().catch(() => undefined);
  });

  it.each([
    ['before it has content', failsWith(500, {}), [502, '']],
    ['to have its answer taken up', openAi.streamsTextThenCuts(['Hel']), [200, 'Hel']],
  ])('waits no longer for a target that is left alone meanwhile (%s)', async (_, fails, told) => {
    gateway = await replaced({
      room: { ollama: 1 },
      breaker: { failures: 1 },
      limits: { queue: { maxWaitMs: 60_000 } },
      models: [
        { id: 'gpt-4o', recovery: 'always', targets: ['openai/gpt-4o-2024', 'ollama/llama3'] },
        { id: 'llama3', targets: ['ollama/llama3'] },
        { id: 'other', targets: ['ollama/other'] },
      ],
    });
    const step = ollama.stepper();
    gateway.openai.script(fails);
    gateway.ollama.script(step.script, ollama.stallsAfter(['x']));
    const breaking = gateway.complete({ model: 'llama3' });
    await step.next('x');
    // It comes first, so that what the broken one leaves is not free for the other.
    const caller = new AbortController();
    const first = gateway.complete({ model: 'other' }, {}, caller.signal);
    while ((await gateway.metric('llm_active_streams')) < 2) await nextTurn();
    const failed = upstreamSent('trailers');
    const waiting = gateway.complete({ model: 'gpt-4o' });
    if (told[0] === 502) await failed;
    else await waiting;

    await step.cut();
    const { status, text } = await within(asked(waiting), 'it has its end');
    expect([status, text]).toEqual(told);
    expect(gateway.ollama.requests).toHaveLength(2);
    caller.abort();
    await Promise.allSettled([breaking, first].map(async (each) => (await each).text()));
  });

  it('releases the capacity of the target that failed', async () => {
    gateway = await replaced({ room: { openai: 1 } });
    const step = ollama.stepper();
    gateway.openai.script(failsWith(500, {}), openAi.streamsText(['other']));
    gateway.ollama.script(step.script);
    const first = ask();
    await gateway.ollama.request(0);
    expect((await readCompletion(await gateway.complete({ model: 'gpt-only' }))).text).toBe(
      'other',
    );
    await step.finish();
    expect((await first).done).toBe(true);
  });

  async function replaced(settings: object): Promise<Gateway> {
    await gateway.close();
    return Gateway.start(settings);
  }
});

async function asked(asking: Promise<Response>): Promise<{ status: number; text: string }> {
  const response = await asking;
  if (response.status !== 200) return { status: response.status, text: '' };
  return { status: 200, text: (await readCompletion(response)).text };
}
