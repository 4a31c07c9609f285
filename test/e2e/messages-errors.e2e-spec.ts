import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Gateway } from '../support/gateway.js';
import { askMessages } from '../support/messages.js';

/** Whatever is wrong, and however early: clients of Anthropic know errors in one shape. */
describe('what is refused under /v1/messages', () => {
  let gateway: Gateway;
  beforeEach(async () => {
    gateway = await Gateway.start({ server: { bodyLimit: '1kb' } });
  });
  afterEach(() => gateway.close());

  it.each<[string, number, string, () => Promise<Response>]>([
    ['JSON that is none', 400, 'invalid_request_error', () => gateway.post('/v1/messages', '{"')],
    ['a list', 400, 'invalid_request_error', () => gateway.post('/v1/messages', [])],
    [
      'a body that is too large',
      413,
      'request_too_large',
      () => askMessages(gateway, { system: 'x'.repeat(2000) }),
    ],
    ['another method', 405, 'invalid_request_error', () => gateway.get('/v1/messages')],
    ['a path below', 404, 'not_found_error', () => gateway.get('/v1/messages/batches')],
    [
      'a model that is not there',
      404,
      'not_found_error',
      () => askMessages(gateway, { model: 'x' }),
    ],
    [
      'a page of another origin',
      403,
      'permission_error',
      () => askMessages(gateway, {}, { origin: 'https://evil.example' }),
    ],
  ])('is an error of Anthropic’s: %s', async (_, status, type, ask) => {
    const response = await ask();
    const requestId = response.headers.get('x-request-id');
    expect(response.headers.get('request-id')).toBe(requestId);
    expect([response.status, await response.json()]).toMatchObject([
      status,
      {
        type: 'error',
        error: { type, message: expect.any(String) as string },
        request_id: requestId,
      },
    ]);
  });

  it('is an error of Anthropic’s without a key, with either header', async () => {
    const key = accessKey('team-a');
    await gateway.close();
    gateway = await Gateway.start({ access: { mode: 'keys', keys: [key.entry] } });
    const refused = await askMessages(gateway);
    expect([refused.status, await refused.json()]).toMatchObject([
      401,
      { type: 'error', error: { type: 'authentication_error' } },
    ]);
    for (const headers of [
      { 'x-api-key': key.secret },
      { authorization: `Bearer ${key.secret}` },
    ]) {
      const response = await askMessages(gateway, { model: 'nobody' }, headers);
      expect(response.status).toBe(404);
    }
  });
});
