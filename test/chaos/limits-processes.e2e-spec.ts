import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { freePort } from '../support/free-port.js';
import { openAi } from '../support/openai-script.js';
import { RedisServer } from '../support/redis-server.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { isMissing } from '../support/system-parts.js';

const TLS = join(import.meta.dirname, '../fixtures/tls');

async function status(url: string): Promise<number> {
  const response = await fetch(`${url}/chat?message=Hi`);
  await response.text();
  return response.status;
}

describe.skipIf(isMissing('redis-server'))('two processes with one Redis', () => {
  let upstream: ScriptedUpstream;
  let redis: RedisServer;
  let config: ConfigFile | undefined;
  const processes: SluiceProcess[] = [];
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    upstream.script(openAi.streamsText(['Hi']));
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.kill()));
    await upstream.close();
    await redis.kill();
    await config?.remove();
  });

  async function start(limits: object, url = redis.url): Promise<string[]> {
    config = await ConfigFile.write({
      backends: [{ id: 'openai', kind: 'openai', baseUrl: upstream.openaiUrl }],
      models: [{ id: 'm', targets: ['openai/m'], limits }],
      redis: { url },
    });
    const urls: string[] = [];
    for (let n = 0; n < 2; n += 1) {
      const env = {
        SLUICE_CONFIG: config.path,
        PORT: String(await freePort()),
        NODE_EXTRA_CA_CERTS: join(TLS, 'upstream.pem'),
      };
      const sluice = SluiceProcess.spawn(env);
      processes.push(sluice);
      urls.push(await sluice.listening());
    }
    return urls;
  }

  it('keep one limit', async () => {
    redis = await RedisServer.start();
    const [one = '', other = ''] = await start({ tokensPerDay: 1_000_000, requestsPerMinute: 7 });
    const asked = Array.from({ length: 20 }, (_, n) => status(n % 2 === 0 ? one : other));
    const served = (await Promise.all(asked)).filter((each) => each === 200);
    // A minute may end in between; then it is the limit of two.
    expect([7, 14]).toContain(served.length);
    expect(upstream.requests).toHaveLength(served.length);
  });

  it('free the streams of one that was killed when its leases expire', async () => {
    redis = await RedisServer.start();
    const [one = '', other = ''] = await start({ concurrentStreams: 1 });
    upstream.script(openAi.stepper().script, openAi.streamsText(['Hi']));
    const running = fetch(`${one}/chat?message=Hi`).catch(() => undefined);
    await upstream.request(0);
    expect(await status(other)).toBe(429);
    await processes[0]!.kill();
    await running;
    expect(await status(other)).toBe(429);

    const client = new Redis(redis.url);
    const leases = 'sluice:running:model:m';
    const lease = String((await client.zrange(leases, '0', '-1'))[0]);
    const expiresAt = await client.zscore(leases, lease);
    const msLeft = Number(expiresAt) - Date.now();
    expect(msLeft).toBeGreaterThan(0);
    expect(msLeft).toBeLessThanOrEqual(10_000);
    // Nobody renews it: these seconds need not be waited for.
    await client.call('zadd', leases, String(Date.now() - 1), lease);
    expect(await status(other)).toBe(200);
    client.disconnect();
  });

  it('speak TLS with a password, which no log shows', async () => {
    const port = await freePort();
    const certificate = ['--tls-cert-file', join(TLS, 'upstream.pem')];
    const key = ['--tls-key-file', join(TLS, 'upstream.key'), '--tls-auth-clients', 'no'];
    const secret = ['--requirepass', 'the-secret'];
    redis = await RedisServer.start('--tls-port', String(port), ...certificate, ...key, ...secret);
    const [one = '', other = ''] = await start(
      { requestsPerMinute: 1000 },
      `rediss://:the-secret@127.0.0.1:${port}`,
    );
    expect([await status(one), await status(other)]).toEqual([200, 200]);
    for (const url of [one, other]) {
      await vi.waitFor(async () => {
        expect(await (await fetch(`${url}/metrics`)).text()).toContain('sluice_redis_up 1');
      });
    }
    expect(processes.map(({ output }) => output).join('')).not.toContain('the-secret');
  });
});
