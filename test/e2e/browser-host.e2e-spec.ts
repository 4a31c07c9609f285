import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { fetched, sendAsPage } from '../support/page-request.js';

async function statusFor(url: string, host: string, path = '/chat?message=Hi'): Promise<number> {
  return (await sendAsPage(url + path, { host, ...fetched('same-origin', 'cors') })).status;
}

describe('the Host of a request', () => {
  let gateway: Gateway | undefined;
  const start = async (server: object): Promise<string> => {
    gateway = await Gateway.start({ server, access: { allowOpen: true } });
    gateway.openai.script(openAi.streamsText(['Hi']));
    return gateway.url;
  };
  beforeEach(() => gateway?.close());
  afterAll(() => gateway?.close());

  it('must be of the loopback where only the loopback is listened on', async () => {
    const url = await start({});
    const good = [
      'localhost',
      'localhost:3000',
      'LocalHost.',
      'app.localhost:3000',
      '127.0.0.1',
      '127.8.9.10:80',
      '[::1]:3000',
    ];
    for (const host of good) expect([host, await statusFor(url, host)]).toEqual([host, 200]);
    const asked = gateway!.openai.requests.length;
    const bad = [
      'evil.example',
      'evil.example:3000',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'evil-localhost',
      '10.0.0.7',
      '0.0.0.0:3000',
      '[fe80::1]',
      'localhost@evil.example',
    ];
    for (const host of bad) expect([host, await statusFor(url, host)]).toEqual([host, 403]);
    expect(gateway!.openai.requests).toHaveLength(asked);
  });

  it('is refused by naming the setting and the proxy', async () => {
    const url = await start({});
    const { text } = await sendAsPage(`${url}/v1/models`, { host: 'gateway.example.com:8080' });
    const { error } = JSON.parse(text) as { error: { code: string; message: string } };
    expect(error.code).toBe('host_not_allowed');
    expect(error.message).toMatch(/gateway\.example\.com.*server\.hosts.*proxy/);
  });

  it('may be listed', async () => {
    const url = await start({ hosts: ['gateway.example.com', '[fd00::7]'] });
    for (const host of [
      'gateway.example.com',
      'Gateway.Example.com.:8080',
      '[fd00::7]:3000',
      'localhost',
    ]) {
      expect([host, await statusFor(url, host)]).toEqual([host, 200]);
    }
    expect(await statusFor(url, 'other.example.com')).toBe(403);
  });

  it('is any beyond the loopback', async () => {
    const url = await start({ host: '0.0.0.0' });
    expect(await statusFor(url, 'any.example.com')).toBe(200);
  });

  it('must be listed beyond the loopback, too, where names are listed', async () => {
    const url = await start({ host: '0.0.0.0', hosts: ['gateway.example.com'] });
    expect(await statusFor(url, 'gateway.example.com')).toBe(200);
    expect(await statusFor(url, 'localhost:3000')).toBe(200);
    expect(await statusFor(url, 'evil.example')).toBe(403);
  });

  it.each(['/livez', '/readyz', '/metrics'])('is any for %s', async (path) => {
    expect(await statusFor(await start({}), '10.0.0.7:3000', path)).toBe(200);
  });
});
