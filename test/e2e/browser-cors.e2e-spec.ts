import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gateway } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { fetched, sendAsPage } from '../support/page-request.js';

const LISTED = 'http://localhost:5173';
const EVIL = 'https://evil.example';

describe('a listed page', () => {
  let gateway: Gateway;
  beforeAll(async () => {
    gateway = await Gateway.start({ browsers: { origins: [LISTED] } });
    gateway.openai.script(openAi.streamsText(['Hi']));
  });
  afterAll(() => gateway.close());

  const cors = fetched('same-site', 'cors', LISTED);
  const preflight = {
    ...cors,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,x-stainless-os',
  };

  it.each(['/chat', '/chat/gpt-only', '/v1/chat/completions', '/v1/models'])(
    'may send JSON and headers of its own to %s',
    async (path) => {
      const answer = await sendAsPage(gateway.url + path, preflight, { method: 'OPTIONS' });
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': LISTED,
        'access-control-allow-methods': 'GET, HEAD, POST',
        'access-control-allow-headers': 'authorization,content-type,x-stainless-os',
        vary: 'Origin, Access-Control-Request-Headers',
      });
      expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
      expect(gateway.openai.requests).toHaveLength(0);
    },
  );

  it('gets no word of allowance where it is not listed', async () => {
    const headers = { ...preflight, origin: EVIL };
    const answer = await sendAsPage(`${gateway.url}/chat`, headers, { method: 'OPTIONS' });
    expect([answer.status, answer.headers['access-control-allow-origin']]).toEqual([
      403,
      undefined,
    ]);
  });

  it.each([
    ['a stream', 200, '/chat?message=Hi', {}],
    ['a plain answer', 200, '/v1/models', {}],
    ['an error', 404, '/chat/nope?message=Hi', {}],
    ['a body that is broken', 400, '/chat', { method: 'POST', body: {} }],
    ['the end of a reconnecting EventSource', 204, '/chat?message=Hi', { id: 'a:1' }],
  ] as const)('can read %s', async (_, status, path, options) => {
    const headers = { ...cors, ...('id' in options && { 'last-event-id': options.id }) };
    const answer = await sendAsPage(gateway.url + path, headers, 'id' in options ? {} : options);
    expect(answer.status).toBe(status);
    expect(answer.headers['access-control-allow-origin']).toBe(LISTED);
    expect(answer.headers.vary).toContain('Origin');
    expect(answer.headers['access-control-expose-headers']).toContain('x-request-id');
  });

  it('is not told to others, whose answers are kept apart in caches', async () => {
    const answer = await sendAsPage(`${gateway.url}/v1/models`, {});
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(answer.headers.vary).toContain('Origin');
  });
});
