import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accessKey } from '../support/access-key.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import type { SluiceProcess } from '../support/sluice-process.js';
import { isKubernetesMissing } from './installed.js';
import { render } from './kustomize.js';
import { oneOf } from './manifest.js';
import { Pod } from './pod.js';

const caller = accessKey('team-a');
const SECRETS = {
  'openai-api-key': 'sk-first\n',
  'team-a-hash': caller.entry.hashes[0]!,
  'operator-hash': accessKey('operator').entry.hashes[0]!,
  'redis-url': 'redis://redis.redis.svc:6379',
  'usage-url': 'postgres://sluice:password@postgresql.postgresql.svc/sluice',
};

const isMissing = isKubernetesMissing();

const statusOf = async (url: string, headers: Readonly<Record<string, string>> = {}) =>
  (await fetch(url, { headers })).status;

function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: 'gpt-4o',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    }),
  });
}

describe.skipIf(isMissing)('A pod of deploy/kubernetes', () => {
  const manifests = isMissing ? [] : render('overlays/production');
  let upstream: ScriptedUpstream;
  let pod: Pod;
  let sluice: SluiceProcess | undefined;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    upstream.script(openAi.streamsText(['Hi']));
  });
  afterEach(async () => {
    await sluice?.kill();
    sluice = undefined;
    await pod.remove();
    await upstream.close();
  });

  /** @returns the URLs of its two ports */
  async function start(): Promise<{ url: string; admin: string }> {
    pod = await Pod.of(manifests, SECRETS, (text) =>
      text.replace('https://api.openai.com/v1', upstream.openaiUrl),
    );
    sluice = pod.start();
    const { port } = new URL(await sluice.listening());
    await sluice.printed(/listening for operators/);
    const adminPort = /listening for operators.*"port":(\d+)/.exec(sluice.output)![1];
    return { url: `http://127.0.0.1:${port}`, admin: `http://127.0.0.1:${adminPort}` };
  }

  it('has a configuration that is sound', async () => {
    pod = await Pod.of(manifests, SECRETS);
    sluice = pod.check();
    expect(await sluice.exit()).toBe(0);
    expect(sluice.output).toMatch(/is sound.*mode keys.*1 keys/s);
  });

  it('has one that is sound with all that is only commented out in it, too', async () => {
    pod = await Pod.of(manifests, SECRETS, (text) =>
      text.replaceAll(
        /# (?=redis: |usage: |limits: \{|- id: operator|- \{ id: vllm| {2}(hashes|admin): )/g,
        '',
      ),
    );
    sluice = pod.check();
    expect(await sluice.exit()).toBe(0);
    expect(sluice.output).toMatch(
      /2 keys, 1 for operators, 1 with limits of their own.*in Redis.*in PostgreSQL.*vllm: openai/s,
    );
  });

  it('streams to who has the key, with the key of the provider', async () => {
    const { url } = await start();
    expect((await ask(url)).status).toBe(401);
    expect(await (await ask(url, caller.headers)).text()).toContain('data: [DONE]');
    expect(upstream.requests[0]!.headers['authorization']).toBe('Bearer sk-first');
    expect(sluice!.output).not.toContain('sk-first');
  });

  it('has metrics at the port for operators, and nothing for callers to see', async () => {
    const { url, admin } = await start();
    const { metrics } = oneOf(manifests, 'HorizontalPodAutoscaler').spec;
    expect(await (await fetch(`${admin}/metrics`)).text()).toContain(
      `# TYPE ${metrics[0]!.pods!.metric.name} gauge`,
    );
    expect((await ask(admin, caller.headers)).status).toBe(404);
    for (const path of ['/metrics', '/admin/usage']) {
      expect([path, await statusOf(url + path)]).toEqual([path, 401]);
      expect([path, await statusOf(url + path, caller.headers)]).toEqual([path, 403]);
    }
    expect(await statusOf(`${admin}/admin/usage`)).toBe(401);
  });

  it('is probed where it answers, also while it drains', async () => {
    const ports = await start();
    const { startupProbe, readinessProbe, livenessProbe } = oneOf(manifests, 'Deployment').spec
      .template.spec.containers[0];
    const probe = ({ httpGet: { path, port } }: typeof startupProbe) =>
      statusOf((port === 'admin' ? ports.admin : ports.url) + path);
    expect(await probe(startupProbe)).toBe(200);
    expect(await probe(readinessProbe)).toBe(200);
    expect(await probe(livenessProbe)).toBe(200);
    sluice!.signal('SIGTERM');
    await sluice!.printed(/"draining"/);
    expect(await probe(readinessProbe)).toBe(503);
    expect(await probe(livenessProbe)).toBe(200);
    expect((await ask(ports.url, caller.headers)).status).toBe(200);
  });

  it('has the grace period that it asks for', async () => {
    await start();
    await sluice!.printed(/terminationGracePeriodSeconds/);
    const said = /terminationGracePeriodSeconds":(\d+)/.exec(sluice!.output)![1];
    const { terminationGracePeriodSeconds } = oneOf(manifests, 'Deployment').spec.template.spec;
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(Number(said));
  });

  it('takes over a Secret that is replaced while it runs', async () => {
    const { url } = await start();
    await (await ask(url, caller.headers)).text();
    const next = accessKey('team-a');
    await pod.secrets.replace({
      ...SECRETS,
      'openai-api-key': 'sk-second',
      'team-a-hash': next.entry.hashes[0]!,
    });
    await sluice!.printed(/the configuration was read again/);
    expect((await ask(url, caller.headers)).status).toBe(401);
    await (await ask(url, next.headers)).text();
    expect(upstream.requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer sk-first',
      'Bearer sk-second',
    ]);
  });
});
