import { afterEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/contract/json.js';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

const operator = accessKey('operator', { admin: true });

describe('/admin/targets', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  async function start(settings: object = {}): Promise<void> {
    const breaker = { failures: 2, cooldownMs: 60_000 };
    gateway = await Gateway.start({ breaker, ...settings });
  }

  async function target(id: string): Promise<JsonObject | undefined> {
    const { targets } = (await (await gateway.get('/admin/targets')).json()) as {
      targets: JsonObject[];
    };
    return targets.find((each) => each['id'] === id);
  }

  it('lists each target once, with the models that it answers for', async () => {
    await start();
    expect(await target('openai/gpt-4o-2024')).toEqual({
      id: 'openai/gpt-4o-2024',
      backend: 'openai',
      model: 'gpt-4o-2024',
      models: ['gpt-4o', 'gpt-only', 'team/gpt'],
      disabled: false,
      breaker: 'closed',
      inFlight: 0,
      share: 0,
    });
  });

  it('tells what a target is asked, and how it failed last', async () => {
    await start();
    gateway.openai.script(failsWith(500, {}), openAi.stepper().script);
    await (await gateway.complete()).text();
    const running = gateway.complete();
    await gateway.openai.request(1);
    expect(await target('openai/gpt-4o-2024')).toMatchObject({
      inFlight: 1,
      share: 1,
      lastFault: { fault: 'upstream_unavailable', at: expect.any(String) as string },
    });
    await gateway.openai.close();
    await (await running).text();
    expect(await target('openai/gpt-4o-2024')).toMatchObject({ inFlight: 0 });
  });

  it('closes a breaker that is open: the target is asked as usual', async () => {
    await start();
    gateway.openai.script(failsWith(500, {}), failsWith(500, {}), openAi.streamsText(['one']));
    for (let n = 0; n < 2; n += 1) await (await gateway.complete()).text();
    const open = await target('openai/gpt-4o-2024');
    expect(open).toMatchObject({ breaker: 'open' });
    expect(open!['allowedInMs']).toBeGreaterThan(50_000);
    const labels = { backend: 'openai', target_model: 'gpt-4o-2024' };
    expect(await gateway.metric('llm_breaker_open', labels)).toBe(1);
    const response = await gateway.post('/admin/targets/openai%2Fgpt-4o-2024/close', {});
    expect([response.status, await response.json()]).toMatchObject([200, { breaker: 'closed' }]);
    expect(await gateway.metric('llm_breaker_open', labels)).toBe(0);
    expect((await gateway.complete({ model: 'gpt-only' })).status).toBe(200);
    expect(gateway.log.text).toContain('breaker closed by an operator');
  });

  it('forgets in the metrics a breaker that is switched off with its target, and remembers it', async () => {
    const models = [{ id: 'gpt', targets: ['openai/a', 'ollama/b'] }];
    await start({ models });
    const breaker = { failures: 2, cooldownMs: 60_000 };
    const labels = { backend: 'openai', target_model: 'a' };
    const series = async () => (await (await gateway.get('/metrics')).text()).includes('="a"} 1');
    gateway.openai.script(failsWith(500, {}), failsWith(500, {}));
    gateway.ollama.script(ollama.streamsText(['one']), ollama.streamsText(['one']));
    for (let n = 0; n < 2; n += 1) await (await gateway.complete({ model: 'gpt' })).text();
    expect(await gateway.metric('llm_breaker_open', labels)).toBe(1);
    const off = [
      { id: 'gpt', targets: [{ backend: 'openai', model: 'a', disabled: true }, 'ollama/b'] },
    ];
    gateway.reconfigure({ breaker, models: off });
    expect(await series()).toBe(false);
    expect(await target('openai/a')).toMatchObject({ disabled: true, breaker: 'open' });
    gateway.reconfigure({ breaker, models });
    expect(await gateway.metric('llm_breaker_open', labels)).toBe(1);
    expect(await target('openai/a')).toMatchObject({ disabled: false, breaker: 'open' });
  });

  it('ends the rest of one that limits its rate', async () => {
    await start();
    gateway.openai.script(failsWith(429, {}, { 'retry-after': '50' }));
    await (await gateway.complete()).text();
    expect(await target('openai/gpt-4o-2024')).toMatchObject({
      breaker: 'closed',
      allowedInMs: expect.any(Number) as number,
    });
    await gateway.post('/admin/targets/openai%2Fgpt-4o-2024/close', {});
    expect(await target('openai/gpt-4o-2024')).not.toHaveProperty('allowedInMs');
  });

  it.each(['openai%2Fnothing', 'nobody%2Fgpt', 'openai', '%2F', 'constructor'])(
    'has no target %s',
    async (id) => {
      await start();
      expect((await gateway.post(`/admin/targets/${id}/close`, {})).status).toBe(404);
    },
  );
});

describe('/admin/config', () => {
  it('says what holds, and no secret', async () => {
    const gateway = await Gateway.start({
      access: { mode: 'keys', keys: [operator.entry] },
      models: [{ id: 'gpt', targets: ['openai/gpt'] }],
      streams: { stallMs: 1234 },
    });
    const text = await (await gateway.get('/admin/config', operator.headers)).text();
    const config = JSON.parse(text) as JsonObject;
    expect(config).toMatchObject({
      streams: { stallMs: 1234, idleMs: 180_000 },
      backends: [{ id: 'openai', apiKey: '***' }, { id: 'ollama' }, {}],
      access: { keys: [{ id: 'operator', hashes: ['***'] }] },
      sha256: expect.any(String) as string,
    });
    for (const secret of ['sk-', 'sha256:', operator.secret]) expect(text).not.toContain(secret);
    await gateway.close();
  });
});
