import { describe, expect, it } from 'vitest';
import { parseConfig } from './load/load-config.js';
import { maskedConfig } from './masked-config.js';

const HASH = `sha256:${'ab'.repeat(32)}`;

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
        },
      ],
      models: [{ id: 'm', targets: ['a/m'] }],
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
      redis: { url: 'rediss://***:***@redis.example:6380/0' },
    });
  });
});
