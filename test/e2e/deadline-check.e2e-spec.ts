import { afterEach, describe, expect, it, vi } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith } from '../support/upstream-scripts.js';

describe('the waits of targets', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  const twice = ['openai/a', 'ollama/b'];
  it.each([
    ['firstTokenMs', { firstTokenMs: 300_000, answerMs: 1, totalMs: 599_999 }, 600_000],
    ['firstTokenMs', { answerMs: 1, totalMs: 389_999 }, 390_000],
    ['answerMs', { firstTokenMs: 1, answerMs: 5, totalMs: 9 }, 10],
  ])(
    'are warned of at boot where %s adds up to more than totalMs',
    async (setting, streams, sumMs) => {
      gateway = await Gateway.start({ models: [{ id: 'm', targets: twice, streams }] });
      const fields = { model: 'm', setting, sumMs, totalMs: streams.totalMs };
      const warned = gateway.log.lines.filter((line) => line.includes('add up to more'));
      expect(warned).toEqual([expect.stringContaining(JSON.stringify(fields))]);
    },
  );

  it.each([
    ['gpt-4o', openAi.streamsText(['Hi']), [120_000]],
    ['gpt-only', openAi.streamsText(['Hi']), [270_000]],
    ['gpt-4o', failsWith(500, openAiError('boom')), [120_000, 270_000]],
  ])('are longer for the last one that can answer: %s', async (model, script, waits) => {
    gateway = await Gateway.start();
    gateway.openai.script(script);
    gateway.ollama.script(ollama.streamsText(['Hi']));
    const armed = vi.spyOn(globalThis, 'setTimeout');
    await (await gateway.complete({ model })).text();
    const ms = armed.mock.calls.map(([, delay]) => delay);
    armed.mockRestore();
    expect(ms.filter((each) => each === 120_000 || each === 270_000)).toEqual(waits);
  });

  it('are not warned of at the defaults', async () => {
    gateway = await Gateway.start();
    expect(gateway.log.text).not.toContain('add up to more');
  });
});
