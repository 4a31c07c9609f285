import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { anthropicError } from '../support/anthropic-script.js';
import { Gateway } from '../support/gateway.js';
import { within } from '../support/within.js';
import { answers, failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

describe('POST /v1/messages/count_tokens', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({
      models: [
        { id: 'claude', targets: ['anthropic/claude-x'] },
        { id: 'mixed', targets: ['openai/gpt', 'anthropic/a', 'anthropic/b'] },
        { id: 'gpt', targets: ['openai/gpt'] },
      ],
    });
  });
  afterEach(() => gateway.close());

  const count = (model: string, fields: object = {}, signal?: AbortSignal) =>
    gateway.post(
      '/v1/messages/count_tokens',
      { model, messages: [{ role: 'user', content: 'Hi' }], ...fields },
      { 'anthropic-beta': 'one' },
      signal,
    );

  it('has the backend count the caller’s own body', async () => {
    gateway.anthropic.script(answers({ input_tokens: 14 }));
    const fields = { system: 'Be brief.', thinking: { type: 'adaptive' }, x_of_tomorrow: 1 };
    const response = await count('claude', fields);
    expect([response.status, await response.json()]).toEqual([200, { input_tokens: 14 }]);
    const { path, body, headers } = gateway.anthropic.requests[0]!;
    expect(path).toBe('/v1/messages/count_tokens');
    expect(headers['anthropic-beta']).toBe('one');
    expect(body).toEqual({
      model: 'claude-x',
      messages: [{ role: 'user', content: 'Hi' }],
      ...fields,
    });
    // Nothing was generated.
    expect(await gateway.metric('llm_streams_total')).toBe(0);
  });

  it('asks the next one that can count', async () => {
    gateway.anthropic.script(
      failsWith(529, anthropicError('Overloaded', 'overloaded_error')),
      answers({ input_tokens: 14 }),
    );
    expect(await (await count('mixed')).json()).toEqual({ input_tokens: 14 });
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('is a 404 where nobody can: clients count by themselves then', async () => {
    const response = await count('gpt');
    expect([response.status, await response.json()]).toMatchObject([
      404,
      { type: 'error', error: { type: 'not_found_error' } },
    ]);
  });

  it('tells of a failure as of any other', async () => {
    gateway.anthropic.script(failsWith(400, anthropicError('Bad.', 'invalid_request_error')));
    expect((await count('claude')).status).toBe(400);
    gateway.anthropic.script(answers({ nothing: true }));
    expect((await count('claude')).status).toBe(502);
    expect((await count('nobody')).status).toBe(404);
    expect((await count('claude', { messages: [] })).status).toBe(400);
  });

  it('leaves the upstream with its caller', async () => {
    gateway.anthropic.script(stallsBeforeHeaders());
    const caller = new AbortController();
    const counting = count('claude', {}, caller.signal);
    const arrived = await gateway.anthropic.request(0);
    caller.abort();
    await expect(counting).rejects.toThrow('aborted');
    await within(arrived.closed, 'the upstream is left');
  });
});
