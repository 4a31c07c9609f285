import { afterEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { SseReader } from '../support/sse-reader.js';

const alice = accessKey('alice', { limits: { concurrentStreams: 1 } });
const bob = accessKey('bob');

describe('concurrentStreams', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  async function start(): Promise<void> {
    gateway = await Gateway.start({ access: { mode: 'keys', keys: [alice.entry, bob.entry] } });
  }

  it('refuses a stream beyond the limit, and lets the next one in when one has ended', async () => {
    await start();
    const step = openAi.stepper();
    gateway.openai.script(step.script, openAi.streamsText(['Hi']));
    const running = gateway.complete({}, alice.headers);
    await gateway.openai.request(0);
    const refused = await gateway.complete({}, alice.headers);
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, 'true']);
    expect(Number(refused.headers.get('retry-after-ms'))).toBeGreaterThanOrEqual(1000);
    expect(await refused.text()).toContain('There may be 1 requests at once for this caller');
    expect((await gateway.complete({}, bob.headers)).status).toBe(200);
    await step.finish();
    await (await running).text();
    expect((await gateway.complete({}, alice.headers)).status).toBe(200);
  });

  it('counts a plain answer, too', async () => {
    await start();
    const held = Promise.withResolvers<void>();
    gateway.openai.script(async (exchange) => {
      await held.promise;
      await openAi.answersText('Hi')(exchange);
    });
    const running = gateway.complete({ stream: false }, alice.headers);
    await gateway.openai.request(0);
    expect((await gateway.complete({}, alice.headers)).status).toBe(429);
    held.resolve();
    expect((await running).status).toBe(200);
  });

  it('lets the next one in when the caller of the last one left', async () => {
    await start();
    const step = openAi.stepper();
    gateway.openai.script(step.script, openAi.streamsText(['Hi']));
    const controller = new AbortController();
    const answering = gateway.complete({}, alice.headers, controller.signal);
    await step.next('Hi');
    const reader = new SseReader(await answering);
    await reader.next();
    controller.abort();
    await gateway.ended();
    expect((await gateway.complete({}, alice.headers)).status).toBe(200);
  });

  it('lets the next one in after one that failed before it began', async () => {
    await start();
    gateway.openai.script(openAi.streamsText(['Hi']));
    const refused = await gateway.complete({ model: 'llama3', logprobs: true }, alice.headers);
    expect(refused.status).toBe(400);
    expect((await gateway.complete({}, alice.headers)).status).toBe(200);
  });
});
