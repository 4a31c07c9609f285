import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { MetricLines } from '../support/metric-lines.js';
import { ollama } from '../support/ollama-script.js';
import { answers, failsWith } from '../support/upstream-scripts.js';
import { completion, openAi, openAiError } from '../support/openai-script.js';

describe('A model whose id ends in *', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      defaultModel: 'any/default',
      models: [
        { id: 'any/*', targets: ['openai/*', 'ollama/*'] },
        { id: 'any/big-*', targets: ['openai/org/huge-*'] },
        { id: 'any/big-one', targets: ['openai/exactly'] },
        { id: 'any/off-*', targets: ['openai/*'], disabled: true },
        { id: 'fixed-*', targets: ['openai/always'] },
      ],
    });
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterEach(() => gateway.close());

  const noModel = failsWith(
    404,
    openAiError('The model `nope` does not exist', { code: 'model_not_found' }),
  );

  it.each([
    ['any/qwen3:8b', 'qwen3:8b'],
    ['any/meta/llama', 'meta/llama'],
    ['any/big-model', 'org/huge-model'],
    ['any/big-one', 'exactly'],
    ['fixed-whatever', 'always'],
    ['any/$&', '$&'],
    [undefined, 'default'],
  ])('sends %s on as %s: an exact id wins, then the longest prefix', async (model, sent) => {
    const body = { messages: [{ role: 'user', content: 'Hi' }], ...(model && { model }) };
    await (await gateway.post('/chat', body)).text();
    expect((await gateway.openai.request(0)).body['model']).toBe(sent);
  });

  it.each(['any/', 'any/*', 'any', 'fixed-', 'any/a\u0000', `any/${'x'.repeat(257)}`])(
    'does not stand for %j',
    async (model) => {
      const refused = await gateway.complete({ model });
      expect(refused.status).toBe(404);
      expect(gateway.openai.requests).toEqual([]);
    },
  );

  it('is disabled with all that it stands for', async () => {
    const refused = await gateway.complete({ model: 'any/off-1' });
    expect(refused.status).toBe(404);
    expect(await errorOf(refused)).toMatchObject({
      message: expect.stringContaining('"any/off-1" is disabled'),
    });
  });

  it('is not listed, because nobody could ask for it; what it stands for is there', async () => {
    const { data } = (await (await gateway.get('/v1/models')).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['any/big-one']);
    expect(await (await gateway.get('/v1/models/any/qwen')).json()).toMatchObject({
      id: 'any/qwen',
    });
  });

  it('is what the log and metrics call its requests, so that callers make no label', async () => {
    await (await gateway.complete({ model: 'any/minted' })).text();
    expect(await gateway.ended()).toMatchObject({ model: 'any/*', target: 'openai/*' });
    const { lines } = await MetricLines.read(gateway);
    expect(JSON.stringify(lines)).not.toContain('minted');
    expect(gateway.log.text).not.toContain('minted');
  });

  it('answers 404 for a name that no upstream has, and its targets stay open for others', async () => {
    gateway.openai.script(noModel);
    gateway.ollama.script(
      failsWith(404, { error: 'model "nope" not found, try pulling it first' }),
    );
    for (let n = 0; n < 6; n += 1) {
      const refused = await gateway.complete({ model: 'any/nope' });
      expect(refused.status).toBe(404);
      expect(await errorOf(refused)).toMatchObject({ code: 'model_not_found', param: 'model' });
    }
    expect(gateway.openai.requests).toHaveLength(6);
    gateway.openai.script(answers(completion('Hi')));
    const plain = await gateway.complete({ model: 'any/there', stream: false });
    expect(plain.status).toBe(200);
    expect(gateway.log.text).not.toContain('breaker opened');
  });

  it('asks the next target where the first does not have the model', async () => {
    gateway.openai.script(noModel);
    gateway.ollama.script(ollama.streamsText(['from ollama']));
    const answer = await (await gateway.complete({ model: 'any/there' })).text();
    expect(answer).toContain('from ollama');
    expect((await gateway.ollama.request(0)).body['model']).toBe('there');
  });
});
