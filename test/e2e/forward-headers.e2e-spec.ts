import { afterEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';

let gateway: Gateway;
let upstream: ScriptedUpstream;
afterEach(async () => {
  await upstream.close();
  await gateway.close();
});

async function start(kind: 'openai' | 'ollama', fields: object): Promise<void> {
  upstream = await ScriptedUpstream.start();
  const baseUrl = kind === 'openai' ? upstream.openaiUrl : upstream.url;
  gateway = await Gateway.start({
    backends: [{ id: 'a', kind, baseUrl, ...fields }],
    models: [{ id: 'm', targets: ['a/m'] }],
  });
  upstream.script(kind === 'openai' ? openAi.streamsText(['Hi']) : ollama.streamsText(['Hi']));
}

const SENT = { 'OpenAI-Beta': 'x=1', 'x-own': 'mine', 'x-other': 'not yours', cookie: 'a=b' };

describe("a caller's headers", () => {
  it.each(['openai', 'ollama'] as const)(
    'reach an upstream of kind %s where it is configured, and no others do',
    async (kind) => {
      await start(kind, { forwardHeaders: ['openai-beta', 'X-Own', 'x-absent'] });
      await (await gateway.complete({ model: 'm' }, SENT)).text();
      const { headers } = await upstream.request(0);
      expect(headers).toMatchObject({ 'openai-beta': 'x=1', 'x-own': 'mine' });
      for (const name of ['x-other', 'cookie', 'x-absent'])
        expect(headers).not.toHaveProperty(name);
    },
  );

  it('reach it on every form of the route', async () => {
    await start('openai', { forwardHeaders: ['x-own'] });
    const messages = [{ role: 'user', content: 'Hi' }];
    await (await gateway.get('/chat?message=Hi', SENT)).text();
    await (await gateway.post('/chat/m', { messages }, SENT)).text();
    upstream.script(openAi.answersText('Hi'));
    await (await gateway.complete({ model: 'm', stream: false }, SENT)).text();
    expect(upstream.requests.map(({ headers }) => headers['x-own'])).toEqual([
      'mine',
      'mine',
      'mine',
    ]);
  });

  it('give way to what is configured, however either is written', async () => {
    await start('openai', {
      apiKey: 'sk-ours',
      headers: { 'X-OWN': 'ours', 'User-Agent': 'us' },
      forwardHeaders: ['x-own', 'user-agent'],
    });
    await (
      await gateway.complete({ model: 'm' }, { ...SENT, authorization: 'Bearer theirs' })
    ).text();
    const { headers } = await upstream.request(0);
    expect(headers).toMatchObject({
      'x-own': 'ours',
      'user-agent': 'us',
      authorization: 'Bearer sk-ours',
    });
  });

  it('stay here by default', async () => {
    await start('openai', {});
    await (await gateway.complete({ model: 'm' }, SENT)).text();
    expect((await upstream.request(0)).headers).not.toHaveProperty('openai-beta');
  });
});
