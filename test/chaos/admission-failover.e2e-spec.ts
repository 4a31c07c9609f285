import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';
import { upstreamSent } from '../support/undici-events.js';

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
    expect(status).toBe(503);
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
