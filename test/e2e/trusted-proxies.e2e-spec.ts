import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

let gateway: Gateway;
afterEach(() => gateway.close());

/** The address of a caller in the log, behind proxies that said so much. */
async function addressBehind(forwardedFor: string, trustedProxies?: string[]): Promise<unknown> {
  gateway = await Gateway.start({ server: trustedProxies ? { trustedProxies } : {} });
  gateway.openai.script(openAi.streamsText(['Hi']));
  await (await gateway.complete({}, { 'x-forwarded-for': forwardedFor })).text();
  return (await gateway.ended())['address'];
}

describe('the address of a caller', () => {
  it('is that of the connection where no proxy is trusted, whatever is said', async () => {
    expect(await addressBehind('203.0.113.7')).toBe('127.0.0.1');
  });

  it.each([['127.0.0.1'], ['127.0.0.0/8']])('is what a trusted proxy says: %s', async (network) => {
    expect(await addressBehind('203.0.113.7', [network])).toBe('203.0.113.7');
  });

  it('is the last one that no trusted proxy has', async () => {
    const trusted = ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'];
    expect(await addressBehind('198.51.100.1, 203.0.113.7, 10.1.2.3', trusted)).toBe('203.0.113.7');
  });

  it.each(['unknown', '_hidden', "'; drop table", '203.0.113.7:4711', '1.2.3'])(
    'is that of the connection where a trusted proxy says no address: %s',
    async (word) => {
      expect(await addressBehind(word, ['127.0.0.1'])).toBe('127.0.0.1');
    },
  );

  it('is that of the connection where a proxy is trusted that it does not come from', async () => {
    expect(await addressBehind('203.0.113.7', ['10.0.0.0/8'])).toBe('127.0.0.1');
  });
});
