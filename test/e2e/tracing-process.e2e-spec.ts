import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { freePort } from '../support/free-port.js';
import { openAi } from '../support/openai-script.js';
import { OtlpReceiver } from '../support/otlp-receiver.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { within } from '../support/within.js';

const PRELOAD = join(import.meta.dirname, '../support/loaded-tracing.preload.ts');
const messages = [{ role: 'user', content: 'Hi' }];

describe('A Sluice process', () => {
  let upstream: ScriptedUpstream;
  let receiver: OtlpReceiver;
  let config: ConfigFile;
  let sluice: SluiceProcess;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    receiver = await OtlpReceiver.start();
    upstream.script(openAi.streamsText(['Hi']));
    config = await ConfigFile.write({
      drain: { delayMs: 0 },
      backends: [{ id: 'a', kind: 'openai', baseUrl: upstream.openaiUrl }],
      models: [{ id: 'm', targets: ['a/m'] }],
    });
  });
  afterEach(async () => {
    await sluice.kill();
    await upstream.close();
    await receiver.close();
    await config.remove();
  });

  async function spawnAndAsk(env: Record<string, string>): Promise<void> {
    const usual = { PORT: '0', SLUICE_CONFIG: config.path, NODE_OPTIONS: `--import=${PRELOAD}` };
    sluice = SluiceProcess.spawn({ ...usual, ...env });
    await ask();
    await sluice.printed(/generation ended/);
  }

  async function ask(): Promise<void> {
    const url = await sluice.listening();
    const body = JSON.stringify({ model: 'm', stream: true, messages });
    const headers = { 'content-type': 'application/json' };
    await (await fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body })).text();
  }

  it('loads nothing of OpenTelemetry where no receiver is named', async () => {
    await spawnAndAsk({ OTEL_SERVICE_NAME: 'mine' });
    expect(sluice.output).not.toContain('@opentelemetry');
  });

  it.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])(
    'loads nothing of it with %o',
    async (env) => {
      await spawnAndAsk({ ...receiver.env, ...env });
      expect(sluice.output).not.toContain('@opentelemetry');
    },
  );

  it('sends what waits before it exits, as who it is called', async () => {
    await spawnAndAsk({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/own/path`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test,service.name=other',
      OTEL_SERVICE_NAME: 'mine',
    });
    expect(sluice.output).toContain('@opentelemetry/sdk-trace');
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
    expect(receiver.trace().attempts).toHaveLength(1);
    expect(receiver.headers[0]).toMatchObject({ 'x-key': 'a b' });
    expect(receiver.resource).toMatchObject({
      'service.name': 'mine',
      'service.version': expect.any(String),
      'deployment.environment.name': 'test',
    });
  });

  it('exits in time although the receiver does not answer', async () => {
    receiver.status = 0;
    await spawnAndAsk(receiver.env);
    const begun = performance.now();
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(6000);
    expect(sluice.output).toContain('the last traces are not known to be sent');
  });

  it('does not start with an endpoint that is none, and says which', async () => {
    sluice = SluiceProcess.spawn({
      SLUICE_CONFIG: config.path,
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317',
      OTEL_EXPORTER_OTLP_HEADERS: 'sk-secret',
      OTEL_TRACES_SAMPLER: 'sometimes',
    });
    expect(await sluice.exit()).toBe(1);
    for (const name of [
      'ENDPOINT: must be a URL',
      'HEADERS: must be pairs',
      'SAMPLER: must be one',
    ])
      expect(sluice.output).toContain(name);
    expect(sluice.output).not.toContain('sk-secret');
  });

  it('says once that the receiver is away and once that it is back, and serves on', async () => {
    const port = await freePort();
    await spawnAndAsk({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '100',
    });
    await sluice.printed(/traces cannot be sent.*ECONNREFUSED/);
    await ask();
    await receiver.close();
    receiver = await OtlpReceiver.start(port);
    const sent = receiver.received();
    await ask();
    await within(sent, 'spans are sent again');
    await sluice.printed(/traces are sent again/);
    expect(sluice.output.match(/"Tracing"/g)).toHaveLength(2);
    expect(receiver.spans.length).toBeGreaterThan(0);
  });

  it('says the status of a receiver that refuses, and nothing of what it answers', async () => {
    receiver.status = 401;
    receiver.answer = 'words of the receiver';
    await spawnAndAsk(receiver.env);
    await sluice.printed(/traces cannot be sent.*"code":401/);
    expect(sluice.output).not.toContain(receiver.answer);
  });
});
