import { afterEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi } from '../support/openai-script.js';

describe('disabled: true', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  const listed = async () => {
    const { data } = (await (await gateway.get('/v1/models')).json()) as { data: { id: string }[] };
    return data.map(({ id }) => id);
  };

  it('on a model makes it a 404 that says so, and takes it from the list', async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'off', targets: ['openai/a'], disabled: true },
        { id: 'on', targets: ['openai/a'] },
      ],
    });
    const refused = await gateway.complete({ model: 'off' });
    expect(refused.status).toBe(404);
    expect(await errorOf(refused)).toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining('"off" is disabled here'),
    });
    expect((await gateway.get('/v1/models/off')).status).toBe(404);
    expect(await listed()).toEqual(['on']);
    expect(gateway.openai.requests).toEqual([]);
  });

  it.each([
    [
      'a target',
      {
        models: [
          { id: 'm', targets: [{ backend: 'openai', model: 'a', disabled: true }, 'ollama/b'] },
        ],
      },
    ],
    [
      'a target before one without a priority of its own',
      {
        models: [
          {
            id: 'm',
            targets: [{ backend: 'openai', model: 'a', priority: 3, disabled: true }, 'ollama/b'],
          },
        ],
      },
    ],
  ])('on %s sends its requests to the next one', async (_, settings) => {
    gateway = await Gateway.start(settings);
    gateway.ollama.script(ollama.streamsText(['from ollama']));
    expect(await (await gateway.complete({ model: 'm' })).text()).toContain('from ollama');
    expect(gateway.openai.requests).toEqual([]);
  });

  it('on a backend holds for all its targets, from the next request on', async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['from openai']));
    gateway.ollama.script(ollama.streamsText(['from ollama']));
    expect(await (await gateway.complete({ model: 'gpt-4o' })).text()).toContain('from openai');
    const backends = [
      { id: 'openai', kind: 'openai', baseUrl: gateway.openai.openaiUrl, disabled: true },
      { id: 'ollama', kind: 'ollama', baseUrl: gateway.ollama.url },
    ];
    gateway.reconfigure({ backends });
    expect(await (await gateway.complete({ model: 'gpt-4o' })).text()).toContain('from ollama');
    expect(await (await gateway.complete({ model: 'gpt-4o' })).text()).toContain('from ollama');
    expect(gateway.openai.requests).toHaveLength(1);
  });

  it('on whatever answers for a model makes it a 502 that a client need not repeat', async () => {
    const targets = [{ backend: 'openai', model: 'a', disabled: true }];
    gateway = await Gateway.start({ models: [{ id: 'm', targets }] });
    const refused = await gateway.complete({ model: 'm' });
    expect(refused.status).toBe(502);
    expect(refused.headers.get('x-should-retry')).toBe('false');
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await errorOf(refused)).toMatchObject({
      code: 'upstream_unavailable',
      message: expect.stringContaining('is disabled here at the moment'),
    });
    expect(await listed()).toEqual(['m']);
    const chat = await gateway.get('/chat?message=Hi');
    expect(chat.status).toBe(502);
  });
});
