import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';

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

  it('are not warned of at the defaults', async () => {
    gateway = await Gateway.start();
    expect(gateway.log.text).not.toContain('add up to more');
  });
});
