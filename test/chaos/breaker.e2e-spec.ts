import { afterEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { EVERY_WAY, ROUTE_FORMS, UPSTREAM_KINDS } from '../support/route-forms.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

const says = (status: number, code: string | null = null, headers = {}) =>
  failsWith(status, openAiError('no', { code }), headers);

let gateway: Gateway;
afterEach(() => gateway.close());

async function start(settings: GatewaySettings = {}): Promise<void> {
  gateway = await Gateway.start(settings);
  gateway.ollama.script(UPSTREAM_KINDS[1]!.says('Olla'));
}

const requests = () => [gateway.openai.requests.length, gateway.ollama.requests.length];
const ask = async (model = 'gpt-4o') => {
  const response = await gateway.complete({ model });
  await response.text();
  return response;
};

describe('A target that fails five times in a row', () => {
  it.each(ROUTE_FORMS)('is left alone: requests go on without it ($form)', async (route) => {
    await start();
    gateway.openai.script(says(500));
    for (let n = 0; n < 8; n += 1) {
      expect(await route.ask(gateway, 'gpt-4o')).toMatchObject({ text: 'Olla', isWhole: true });
    }
    expect(requests()).toEqual([5, 8]);
    expect(gateway.log.text).toContain('breaker opened');
    expect(await gateway.metric('llm_breaker_open', { target_model: 'gpt-4o-2024' })).toBe(1);
  });

  it.each(EVERY_WAY)('is asked all the same when it is the only one ($form, $id)', async (way) => {
    await start();
    gateway[way.id].script(says(500));
    for (let n = 0; n < 6; n += 1) await way.ask(gateway, way.model);
    gateway[way.id].script(way.says('Hello'));
    expect(await way.ask(gateway, way.model)).toMatchObject({ text: 'Hello', isWhole: true });
    expect(await gateway.metric('llm_breaker_open', { backend: way.id })).toBe(0);
  });

  it('is not asked twice by one request any more', async () => {
    await start({ retry: { limit: 1, baseDelayMs: 0 } });
    gateway.openai.script(says(500));
    for (let n = 0; n < 4; n += 1) await ask('gpt-only');
    // Two each until the fifth failure opened it, then one.
    expect(requests()[0]).toBe(2 + 2 + 1 + 1);
  });

  it('counts answers that were cut in the middle', async () => {
    await start();
    gateway.openai.script(openAi.streamsTextThenCuts(['Hel']));
    for (let n = 0; n < 6; n += 1) await ask().catch(() => undefined);
    expect(requests()).toEqual([5, 1]);
  });

  it('counts neither callers’ mistakes nor callers that leave', async () => {
    await start();
    gateway.openai.script(says(400));
    for (let n = 0; n < 6; n += 1) await ask();
    gateway.openai.script(stallsBeforeHeaders());
    for (let n = 0; n < 6; n += 1) {
      const caller = new AbortController();
      const asking = gateway
        .complete({ model: 'gpt-4o' }, {}, caller.signal)
        .catch(() => undefined);
      await gateway.openai.request(6 + n);
      caller.abort();
      await asking;
      await gateway.openai.left(6 + n);
    }
    expect(requests()).toEqual([12, 0]);
    expect(gateway.log.text).not.toContain('breaker opened');
  });
});

describe('A breaker whose cooldown is over', () => {
  const SHORT = { breaker: { failures: 1, cooldownMs: 1 } };

  it('lets a single request probe the target, and all once that one has content', async () => {
    await start(SHORT);
    const probe = openAi.stepper();
    gateway.openai.script(says(500), probe.script, openAi.streamsText(['Hello']));
    await ask();

    const probing = gateway.complete({ model: 'gpt-4o' });
    await probe.begin();
    expect((await ask()).headers.get('x-sluice-backend')).toBe('ollama');
    expect(requests()).toEqual([2, 2]);

    await probe.next('Hel');
    const probed = await probing;
    expect((await ask()).headers.get('x-sluice-backend')).toBe('openai');
    await probe.finish();
    expect((await readCompletion(probed)).done).toBe(true);
    expect(gateway.log.text).toContain('breaker closed');
  });

  it('opens again when the probe fails', async () => {
    await start({ breaker: { failures: 1, cooldownMs: 1 } });
    gateway.openai.script(says(500));
    for (let n = 0; n < 4; n += 1) expect((await ask()).status).toBe(200);
    expect(requests()).toEqual([4, 4]);
    expect(gateway.log.text.split('breaker opened')).toHaveLength(1 + 4);
  });
});

describe('What waiting does not cure', () => {
  it.each([
    ['no quota', says(429, 'insufficient_quota')],
    ['a wrong key', says(401, 'invalid_api_key')],
    ['a model that is not there', says(404, 'model_not_found')],
  ])('opens at once: %s', async (_, script) => {
    await start();
    gateway.openai.script(script);
    for (let n = 0; n < 3; n += 1) expect((await ask()).status).toBe(200);
    expect(requests()).toEqual([1, 3]);
  });
});

describe('When every target is left alone', () => {
  it('the request tries the one that is closest to being asked again', async () => {
    await start();
    gateway.openai.script(says(429, null, { 'retry-after': '50' }));
    gateway.ollama.script(
      failsWith(429, { error: 'busy' }, { 'retry-after': '40' }),
      ollama.streamsText(['Olla']),
    );
    expect((await ask()).status).toBe(429);
    expect((await ask()).headers.get('x-sluice-backend')).toBe('ollama');
    expect(requests()).toEqual([1, 2]);
  });
});

/** The n-th request of a conversation. */
const turn = (n: number) => ({
  model: 'both',
  prompt_cache_key: 'thread-1',
  messages: Array.from({ length: 2 * n + 1 }, (_, at) => ({
    role: at % 2 ? 'assistant' : 'user',
    content: `Turn ${at}`,
  })),
});

describe('Targets of the same priority', () => {
  const targets = ['openai/x', 'ollama/x'].map((name) => {
    const [backend, model] = name.split('/');
    return { backend, model, priority: 0 };
  });
  async function startBoth(): Promise<void> {
    await start({ models: [{ id: 'both', targets }] });
    gateway.openai.script(UPSTREAM_KINDS[0]!.says('Hello'));
  }

  it.each([
    ['by the caller’s prompt_cache_key', (n: number) => turn(n)],
    ['by how it opens', (n: number) => ({ ...turn(n), prompt_cache_key: undefined })],
  ])('keep a conversation of 100 turns on one of them, %s', async (_, fields) => {
    await startBoth();
    for (let n = 0; n < 100; n += 1) await (await gateway.complete(fields(n))).text();
    expect(requests().toSorted((a, b) => a - b)).toEqual([0, 100]);
  });

  it('share many conversations', async () => {
    await startBoth();
    for (let n = 0; n < 40; n += 1) {
      await (await gateway.complete({ ...turn(0), prompt_cache_key: `thread-${n}` })).text();
    }
    expect(Math.min(...requests())).toBeGreaterThan(10);
  });

  it('answer for each other', async () => {
    await startBoth();
    gateway.openai.script(says(500));
    for (let n = 0; n < 20; n += 1) {
      const response = await gateway.complete({ ...turn(0), prompt_cache_key: `thread-${n}` });
      expect(response.headers.get('x-sluice-backend')).toBe('ollama');
      await response.text();
    }
    expect(requests()).toEqual([5, 20]);
  });
});
