import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway, MAX_EVENT_BYTES } from '../support/gateway.js';
import { MetricLines } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SseReader } from '../support/sse-reader.js';
import { failsWith } from '../support/upstream-scripts.js';

const STREAMS = 50;

const openAiAt = (upstream: ScriptedUpstream, more: object = {}) => ({
  id: 'openai',
  kind: 'openai',
  baseUrl: upstream.openaiUrl,
  ...more,
});
const ollamaAt = (upstream: ScriptedUpstream) => ({
  id: 'ollama',
  kind: 'ollama',
  baseUrl: upstream.url,
  maxEventBytes: MAX_EVENT_BYTES,
});
const textOf = async (response: Promise<Response>) => (await response).text();

describe('A configuration that is replaced', () => {
  let gateway: Gateway;
  let other: ScriptedUpstream;
  beforeEach(async () => {
    other = await ScriptedUpstream.start();
    gateway = await Gateway.start();
  });
  afterEach(async () => {
    await other.close();
    await gateway.close();
  });

  it('leaves 50 running streams what they began with, and new ones have the new one', async () => {
    const steps = Array.from({ length: STREAMS }, () => openAi.stepper());
    gateway.openai.script(...steps.map((step) => step.script));
    const readers = await Promise.all(
      steps.map(async (step) => {
        const asked = gateway.complete();
        await step.next('one ');
        return new SseReader(await asked);
      }),
    );
    gateway.reconfigure({
      backends: [openAiAt(other)],
      models: [{ id: 'new', targets: ['openai/n'] }],
    });
    other.script(openAi.streamsText(['from the other']));
    expect(await textOf(gateway.complete({ model: 'new' }))).toContain('from the other');
    expect((await gateway.complete()).status).toBe(404);
    await Promise.all(
      steps.map(async (step) => {
        await step.next('two');
        await step.finish();
      }),
    );
    for (const reader of readers) {
      await reader.all();
      expect(reader.raw).toContain('"two"');
      expect(reader.raw).toContain('[DONE]');
      expect(reader.ended).toBe('clean');
    }
    expect(gateway.openai.requests).toHaveLength(STREAMS);
  });

  it('leaves a running stream its targets: it falls back to a backend that is gone for others', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    gateway.ollama.script(ollama.streamsText(['from ollama']));
    const asked = gateway.complete({ model: 'gpt-4o' });
    await gateway.openai.request(0);
    gateway.reconfigure({
      backends: [openAiAt(other)],
      models: [{ id: 'm', targets: ['openai/m'] }],
    });
    await step.reset();
    expect(await textOf(asked)).toContain('from ollama');
  });

  it('keeps the connections of a backend that did not change', async () => {
    gateway.openai.script(openAi.streamsText(['Hi']));
    await textOf(gateway.complete());
    gateway.reconfigure({
      streams: { heartbeatMs: 1000 },
      models: [{ id: 'gpt-only', targets: ['openai/x'] }],
    });
    await textOf(gateway.complete());
    expect(gateway.openai.connections).toBe(1);
    expect((await gateway.openai.request(1)).body['model']).toBe('x');
  });

  it('closes a backend that is gone when its last stream has ended, and not before', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script);
    const asked = gateway.complete();
    await step.next('one');
    const reader = new SseReader(await asked);
    gateway.reconfigure({
      backends: [ollamaAt(gateway.ollama)],
      models: [{ id: 'm', targets: ['ollama/m'] }],
    });
    expect(gateway.log.text).not.toContain('backend closed');
    expect(gateway.openai.openConnections).toBe(1);
    await step.finish();
    await reader.all();
    expect(reader.raw).toContain('[DONE]');
    await expect.poll(() => gateway.openai.openConnections).toBe(0);
    expect(gateway.log.lines.filter((line) => line.includes('backend closed'))).toEqual([
      expect.stringContaining('"openai"'),
      expect.stringContaining('"anthropic"'),
    ]);
  });

  it('sends the next request with a new key, and running streams go on with the old one', async () => {
    const step = openAi.stepper();
    gateway.openai.script(step.script, openAi.streamsText(['Hi']));
    const asked = gateway.complete();
    await step.next('one');
    const reader = new SseReader(await asked);
    gateway.reconfigure({
      backends: [openAiAt(gateway.openai, { apiKey: 'sk-rotated' }), ollamaAt(gateway.ollama)],
    });
    await textOf(gateway.complete());
    expect((await gateway.openai.request(1)).headers['authorization']).toBe('Bearer sk-rotated');
    await step.finish();
    await reader.all();
    expect(reader.raw).toContain('[DONE]');
    await expect.poll(() => gateway.log.text).toContain('backend closed');
  });

  it('keeps a breaker open where its target did not change', async () => {
    gateway.openai.script(failsWith(401, openAiError('no', { code: 'invalid_api_key' })));
    await textOf(gateway.complete());
    gateway.reconfigure({ streams: { heartbeatMs: 1000 } });
    gateway.ollama.script(ollama.streamsText(['from ollama']));
    expect(await textOf(gateway.complete({ model: 'gpt-4o' }))).toContain('from ollama');
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('asks a target at once that was left alone for its key, when it has another key', async () => {
    gateway.openai.script(
      failsWith(401, openAiError('no', { code: 'invalid_api_key' })),
      openAi.streamsText(['Hi']),
    );
    await textOf(gateway.complete());
    const series = { backend: 'openai', target_model: 'gpt-4o-2024' };
    expect(await gateway.metric('llm_breaker_open', series)).toBe(1);
    gateway.reconfigure({
      backends: [openAiAt(gateway.openai, { apiKey: 'sk-right' }), ollamaAt(gateway.ollama)],
    });
    expect(await gateway.metric('llm_breaker_open', series)).toBe(0);
    expect(await textOf(gateway.complete())).toContain('[DONE]');
  });

  it('takes no permit away where a limit is lower, and lets nobody in until it is met', async () => {
    const steps = [openAi.stepper(), openAi.stepper(), openAi.stepper()];
    gateway.openai.script(...steps.map((step) => step.script));
    const asked = [gateway.complete(), gateway.complete()];
    await Promise.all([steps[0]!.next('a'), steps[1]!.next('b')]);
    gateway.reconfigure({ room: { openai: 1 } });
    const third = gateway.complete();
    await steps[0]!.finish();
    expect(await textOf(asked[0]!)).toContain('[DONE]');
    // One still runs, and one may.
    await gateway.get('/livez');
    expect(gateway.openai.requests).toHaveLength(2);
    await steps[1]!.finish();
    expect(await textOf(asked[1]!)).toContain('[DONE]');
    await steps[2]!.finish();
    expect(await textOf(third)).toContain('[DONE]');
  });

  it('lets waiters in at once where a limit is higher', async () => {
    gateway.reconfigure({ limits: { streams: 1 } });
    const steps = [openAi.stepper(), openAi.stepper()];
    gateway.openai.script(...steps.map((step) => step.script));
    const asked = [gateway.complete()];
    await steps[0]!.next('a');
    asked.push(gateway.complete());
    await gateway.get('/livez');
    expect(gateway.openai.requests).toHaveLength(1);
    gateway.reconfigure({ limits: { streams: 2 } });
    await gateway.openai.request(1);
    for (const step of steps) await step.finish();
    for (const each of asked) expect(await textOf(each)).toContain('[DONE]');
  });

  it('lets pages in and keeps them out as it lists them', async () => {
    const origin = 'https://app.example.com';
    const status = async () =>
      (
        await gateway.get('/v1/models', {
          origin,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'cors',
        })
      ).status;
    expect(await status()).toBe(403);
    gateway.reconfigure({ browsers: { origins: [origin] } });
    expect(await status()).toBe(200);
    gateway.reconfigure({});
    expect(await status()).toBe(403);
  });

  it('says which configuration holds, in one series, and drops those of targets that are gone', async () => {
    const before = await MetricLines.read(gateway);
    gateway.reconfigure({
      backends: [ollamaAt(other)],
      models: [{ id: 'm', targets: ['ollama/m'] }],
    });
    const after = await MetricLines.read(gateway);
    const shas = [before, after].map(({ lines }) =>
      lines
        .filter(({ name }) => name === 'sluice_config_info')
        .map(({ labels }) => labels['sha256']),
    );
    expect(shas.map((each) => each.length)).toEqual([1, 1]);
    expect(shas[0]).not.toEqual(shas[1]);
    const open = after.lines.filter(({ name }) => name === 'llm_breaker_open');
    const targets = open.map(({ labels }) => `${labels['backend']}/${labels['target_model']}`);
    expect(targets).toContain('ollama/m');
    expect(targets).not.toContain('openai/gpt-4o-2024');
  });

  it('announces the grace period anew where the drain is another', () => {
    gateway.reconfigure({ drain: { delayMs: 1000, forMs: 1000 } });
    expect(gateway.log.lines.filter((line) => line.includes('GracePeriod'))).toEqual([
      expect.stringContaining('610'),
      expect.stringContaining('12'),
    ]);
  });
});
