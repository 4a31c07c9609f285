import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const settings = (limits: object) => ({
  models: [{ id: 'gpt-only', targets: ['openai/gpt'], limits }],
});

describe('limits of a configuration that changes', () => {
  let gateway: Gateway;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 10, 26, 12) });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await gateway.close();
  });

  async function start(limits: object): Promise<void> {
    gateway = await Gateway.start(settings(limits));
    gateway.openai.script(openAi.streamsText(['Hi']));
  }

  async function ask(): Promise<[number, string | null]> {
    const response = await gateway.complete();
    await response.text();
    return [response.status, response.headers.get('x-ratelimit-remaining-requests')];
  }

  it('count what was used already', async () => {
    await start({ requestsPerMinute: 3 });
    await ask();
    await ask();
    gateway.reconfigure(settings({ requestsPerMinute: 2 }));
    expect(await ask()).toEqual([429, '0']);
    gateway.reconfigure(settings({ requestsPerMinute: 10 }));
    expect(await ask()).toEqual([200, '7']);
  });

  it('take nothing away from streams that run', async () => {
    await start({ concurrentStreams: 2 });
    const steps = [openAi.stepper(), openAi.stepper()];
    gateway.openai.script(...steps.map(({ script }) => script), openAi.streamsText(['Hi']));
    const running = [gateway.complete(), gateway.complete()];
    await gateway.openai.request(1);
    gateway.reconfigure(settings({ concurrentStreams: 1 }));
    await steps[0]!.finish();
    expect(await ask()).toEqual([429, null]);
    await steps[1]!.finish();
    for (const answer of running) expect(await (await answer).text()).toContain('[DONE]');
    expect(await ask()).toEqual([200, null]);
  });
});
