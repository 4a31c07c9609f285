import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';

const SECRET = 'sk-sluice-Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6';

const KEYS = [
  'key=a1b2',
  'api_key=a1b2',
  'api-key=a1b2',
  'API_Key=a1b2',
  'apikey=a1b2',
  'access_token=a1b2',
  'token=a1b2',
  '%6bey=a1b2',
  `anything=${SECRET}`,
  `anything=Bearer%20${SECRET}`,
  `message=${SECRET}`,
  SECRET,
];

describe('a key in a query string', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start();
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterAll(() => gateway.close());

  it.each(KEYS)('is a 400 that says why and does not repeat it: ?%s', async (query) => {
    const answers = await Promise.all([
      gateway.get(`/chat?message=Hi&${query}`, { authorization: 'Bearer none' }),
      gateway.post(`/chat?${query}`, { messages: [{ role: 'user', content: 'Hi' }] }),
      gateway.post(`/v1/chat/completions?${query}`, {}),
      gateway.post(`/chat/completions?${query}`, {}),
      gateway.get(`/v1/models?${query}`),
    ]);
    for (const answer of answers) {
      const text = await answer.text();
      expect(answer.status).toBe(400);
      expect(text).toContain('must not be in a URL');
      expect(text).not.toMatch(/a1b2|Zm9v/);
    }
    expect(gateway.openai.requests).toHaveLength(0);
    expect(gateway.log.text).not.toMatch(/a1b2|Zm9v/);
  });

  it('is none where it is talked about', async () => {
    for (const message of ['What is an sk-key?', 'token=1', 'sk-short', 'key']) {
      const answer = await gateway.get(`/chat/gpt-only?message=${encodeURIComponent(message)}`);
      expect([message, answer.status]).toEqual([message, 200]);
      await answer.text();
    }
  });

  it('is nothing to probes and Prometheus', async () => {
    for (const path of ['/livez', '/metrics']) {
      expect((await gateway.get(`${path}?token=a1b2`)).status).toBe(200);
    }
  });
});
