import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { areClientsMissing } from './installed.js';

const isMissing = areClientsMissing();

describe.skipIf(isMissing)('ollama, whose API is not spoken', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start();
  });
  afterEach(() => gateway.close());

  it.each([true, false])('reads why, and what to use instead (stream: %s)', async (stream) => {
    const { Ollama } = await import('ollama');
    const client = new Ollama({ host: gateway.url });
    const messages = [{ role: 'user', content: 'Hi' }];
    const asking = stream
      ? client.chat({ model: 'llama3', messages, stream: true })
      : client.chat({ model: 'llama3', messages });
    await expect(asking).rejects.toThrow(/use an OpenAI client with the base URL http:.*\/v1/);
  });
});
