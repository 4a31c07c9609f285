import { afterEach, describe, expect, it } from 'vitest';
import { readCompletion } from '../support/chat-completions.js';
import { chatEvents } from '../support/chat-events.js';
import { errorOf } from '../support/error-body.js';
import { Gateway } from '../support/gateway.js';
import { ollama } from '../support/ollama-script.js';
import { openAi, openAiError } from '../support/openai-script.js';
import { failsWith, stallsBeforeHeaders } from '../support/upstream-scripts.js';

const messages = [{ role: 'user', content: 'Hi' }];

describe('The error of a generation that failed', () => {
  let gateway: Gateway;
  afterEach(() => gateway.close());

  it.each([true, false])('lists who was asked in vain, in order (stream: %s)', async (stream) => {
    gateway = await Gateway.start();
    gateway.openai.script(failsWith(401, openAiError('Incorrect API key: sk-upstream-secret')));
    gateway.ollama.script(failsWith(503, { error: 'busy with prompt Hi' }));
    const error = await errorOf(await gateway.complete({ model: 'gpt-4o', stream }));
    expect(error.attempts).toEqual([
      { backend: 'openai', fault: 'upstream_credentials' },
      { backend: 'ollama', fault: 'upstream_unavailable' },
    ]);
  });

  it('lists them in the failed event of a chat', async () => {
    gateway = await Gateway.start();
    gateway.openai.script(failsWith(500, openAiError('boom')));
    gateway.ollama.script(ollama.streamsTextThenEnds(['Hel']));
    const events = await chatEvents(await gateway.get('/chat/gpt-4o?message=Hi'));
    expect(events.at(-1)).toMatchObject({ type: 'failed', data: { code: 'upstream_cut' } });
    expect(events.at(-1)!.data['attempts']).toEqual([
      { backend: 'openai', fault: 'upstream_unavailable' },
      { backend: 'ollama', fault: 'upstream_cut' },
    ]);
  });

  it('lists them in the error frame of a Chat Completion', async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsTextThenEnds(['Hel']));
    const { error, ended } = await readCompletion(await gateway.complete());
    expect(error!['attempts']).toEqual([{ backend: 'openai', fault: 'upstream_cut' }]);
    expect(ended).toBe('cut');
  });

  it.each([true, false])(
    'has its own fault for the one that ran when time was up (stream: %s)',
    async (stream) => {
      gateway = await Gateway.start({ streams: { totalMs: 200 } });
      gateway.openai.script(stallsBeforeHeaders());
      const error = await errorOf(await gateway.complete({ stream }));
      expect(error).toMatchObject({ status: 504, code: 'total_timeout' });
      expect(error.attempts).toEqual([{ backend: 'openai', fault: 'total_timeout' }]);
    },
  );

  it.each([
    ['/v1/chat/completions', { model: 'nope', messages }, 404],
    ['/v1/chat/completions', { model: 'gpt-only', messages: [] }, 400],
    ['/v1/chat/completions', { model: 'llama3', messages, logprobs: true }, 400],
    ['/chat/nope', { messages }, 404],
  ])('has none where nobody was asked: %s %j', async (path, body, status) => {
    gateway = await Gateway.start();
    const error = await errorOf(await gateway.post(path, body));
    expect(error.status).toBe(status);
    expect(error).not.toHaveProperty('attempts');
  });
});
