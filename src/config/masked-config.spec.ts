import { describe, expect, it } from 'vitest';
import { parseConfig } from './load/load-config.js';
import { maskedConfig } from './masked-config.js';

const HASH = `sha256:${'ab'.repeat(32)}`;

const SET = { max_tokens: 7, keep_alive: '5m', api_key: 'hush-set', x: [{ auth: 'hush-deep' }] };

describe('maskedConfig', () => {
  const config = parseConfig(
    {
      backends: [
        {
          id: 'a',
          kind: 'openai',
          baseUrl: 'https://a.example/v1',
          apiKey: '${SECRET}',
          headers: { 'x-key': 'hush-header' },
          query: { key: 'hush-of-the-query', 'api-version': 'hush-too' },
        },
      ],
      models: [{ id: 'm', targets: [{ backend: 'a', model: 'm', set: SET }] }],
      access: { mode: 'keys', keys: [{ id: 'ops', hashes: [HASH], admin: true }] },
      redis: { url: 'rediss://user:hush-redis@redis.example:6380/0' },
      usage: { url: 'postgres://user:hush-pg@db.example/usage?password=hush-query' },
    },
    { SECRET: 'hush-key', HTTPS_PROXY: 'http://hush-user:hush-proxy@proxy.example:3128' },
  );

  it('has none of the secrets', () => {
    const text = JSON.stringify(maskedConfig(config));
    expect(text).not.toContain('hush');
    expect(text).not.toContain(HASH);
  });

  it('still says where everything is', () => {
    expect(maskedConfig(config)).toMatchObject({
      backends: [{ id: 'a', baseUrl: 'https://a.example/v1', apiKey: '***' }],
      access: { keys: [{ id: 'ops', admin: true }] },
      models: [
        { targets: [{ set: { max_tokens: 7, keep_alive: '5m', api_key: '***', x: [{}] } }] },
      ],
      redis: { url: 'rediss://***:***@redis.example:6380/0' },
    });
  });
});
