import { afterEach, describe, expect, it, vi } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { Gateway, type GatewaySettings } from '../support/gateway.js';
import { openAi } from '../support/openai-script.js';
import { sendAsPage, fetched } from '../support/page-request.js';

const teamA = accessKey('team-a');
const operator = accessKey('operator', { admin: true });
const KEYS = { mode: 'keys', keys: [teamA.entry, operator.entry] };

let gateway: Gateway;
afterEach(() => gateway.close());

/** @returns the URL of the port for operators, which the log tells */
async function start(settings: GatewaySettings = {}): Promise<string> {
  const { server, ...others } = settings;
  gateway = await Gateway.start({ access: KEYS, server: { adminPort: 0, ...server }, ...others });
  gateway.openai.script(openAi.streamsText(['Hi']));
  const port = /listening for operators",\{"address":"[^"]+","port":(\d+)/.exec(
    gateway.log.text,
  )?.[1];
  return `http://127.0.0.1:${port}`;
}

describe('server.adminPort', () => {
  it('serves metrics and probes without a key', async () => {
    const admin = await start();
    for (const path of ['/metrics', '/livez', '/readyz']) {
      expect((await fetch(admin + path)).status).toBe(200);
    }
    expect((await gateway.get('/metrics')).status).toBe(401);
  });

  it.each(['/chat?message=Hi', '/v1/models', '/docs', '/openapi.json', '/', '/nothing'])(
    'has nothing for callers, not even with a key: %s',
    async (path) => {
      const admin = await start();
      const response = await fetch(admin + path, { headers: operator.headers });
      expect(response.status).toBe(404);
      expect(await response.text()).toContain('This port has /metrics');
      const open = await fetch(admin + path);
      expect(open.status).toBe(404);
    },
  );

  it('generates nothing', async () => {
    const admin = await start({ access: {} });
    const response = await fetch(`${admin}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'gpt-only', messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect(response.status).toBe(404);
    expect(gateway.openai.requests).toHaveLength(0);
  });

  it('answers Prometheus by whatever name it is called, and whatever page is open', async () => {
    const admin = await start();
    for (const headers of [{ host: '10.0.0.7:9090' }, fetched('cross-site', 'no-cors')]) {
      expect(await sendAsPage(`${admin}/metrics`, headers)).toMatchObject({ status: 200 });
    }
  });

  it('is there while a drain waits for streams, and gone when it has ended', async () => {
    const admin = await start({ access: {} });
    gateway.openai.script(openAi.stallsAfter(['Hi']));
    const stream = await gateway.complete();
    const down = gateway.shutDown();
    await vi.waitFor(async () => expect((await fetch(`${admin}/readyz`)).status).toBe(503));
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain('llm_active_streams');
    await gateway.openai.close();
    await stream.text().catch(() => undefined);
    await down;
    await expect(fetch(`${admin}/livez`)).rejects.toThrow('fetch failed');
  });
});

/** What nginx sends on by itself: its upstream's address for a host, and nothing of the caller. */
const asNginx = (url: string) => ({ host: new URL(url).host, connection: 'close' });

/** 404 is what this gateway, which keeps no ledger, has for whoever is let in. */
describe('/admin/*', () => {
  const PATHS = ['/admin/usage', '/admin/nothing', '/Admin/Usage', '/admin/page'];
  const PROXIES = [
    'x-forwarded-for',
    'x-forwarded-host',
    'forwarded',
    'via',
    'x-real-ip',
    'cf-connecting-ip',
    'true-client-ip',
  ];

  it.each(PATHS)(
    'needs a key on the public port, behind a proxy as without one: %s',
    async (path) => {
      await start();
      const url = gateway.url + path;
      expect(await sendAsPage(url, asNginx(url))).toMatchObject({ status: 401 });
      expect((await fetch(url, { headers: teamA.headers })).status).toBe(403);
      expect((await fetch(url, { headers: operator.headers })).status).toBe(404);
    },
  );

  it('needs a key on the public port of an open gateway that has one for operators', async () => {
    await start({ access: { keys: [operator.entry] } });
    const url = `${gateway.url}/admin/usage`;
    expect(await sendAsPage(url, asNginx(url))).toMatchObject({ status: 403 });
    expect((await fetch(url, { headers: operator.headers })).status).toBe(404);
  });

  it('needs none on server.adminPort from this machine, nor where everybody may call', async () => {
    const admin = await start();
    expect((await fetch(`${admin}/admin/usage`)).status).toBe(404);
    await gateway.close();
    await start({ access: {} });
    expect((await gateway.get('/admin/usage')).status).toBe(404);
  });

  it.each(PROXIES)('needs one on server.adminPort behind a proxy that sends %s', async (header) => {
    const admin = await start();
    const headers = { [header]: '192.0.2.1' };
    expect((await fetch(`${admin}/admin/usage`, { headers })).status).toBe(401);
  });

  it('needs one on server.adminPort for another name, and beyond the loopback', async () => {
    const admin = await start();
    const foreign = await sendAsPage(`${admin}/admin/usage`, { host: 'sluice.example' });
    expect(foreign.status).not.toBe(404);
    await gateway.close();
    const beyond = await start({ server: { adminHost: '0.0.0.0' } });
    expect((await fetch(`${beyond}/admin/usage`)).status).toBe(401);
    // Names are looked at where only this machine should have one: by its own interface.
    const named = { host: 'sluice.example', ...operator.headers };
    expect(await sendAsPage(`${beyond}/admin/usage`, named)).toMatchObject({ status: 404 });
  });
});
