import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { openAi } from '../support/openai-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { SseReader } from '../support/sse-reader.js';
import { within } from '../support/within.js';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = '/usr/bin/script';

describe('A running Sluice', () => {
  let upstream: ScriptedUpstream;
  let file: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    file = await ConfigFile.write(config('sk-first'));
  });
  afterEach(async () => {
    await sluice?.kill();
    await upstream.close();
    await file.remove();
  });

  const config = (apiKey: string, more: object = {}) => ({
    backends: [{ id: 'openai', kind: 'openai', baseUrl: upstream.openaiUrl, apiKey }],
    models: [{ id: 'm', targets: ['openai/m'] }],
    ...more,
  });
  const write = (content: object) => writeFile(file.path, JSON.stringify(content));

  async function start(): Promise<void> {
    sluice = SluiceProcess.spawn({ PORT: '0', SLUICE_CONFIG: file.path });
    url = await sluice.listening();
  }

  function ask(): Promise<Response> {
    return fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'm',
        stream: true,
        messages: [{ role: 'user', content: 'Hi' }],
      }),
    });
  }

  it('reads its configuration again at SIGHUP; running streams go on with what they began with', async () => {
    await start();
    const step = openAi.stepper();
    upstream.script(step.script, openAi.streamsText(['Hi']));
    const asked = ask();
    await step.next('one');
    const reader = new SseReader(await asked);
    await write(config('sk-second'));
    sluice.signal('SIGHUP');
    await sluice.printed(/the configuration was read again/);
    await (await ask()).text();
    const keys = upstream.requests.map(({ headers }) => headers['authorization']);
    expect(keys).toEqual(['Bearer sk-first', 'Bearer sk-second']);
    await step.finish();
    await reader.all();
    expect(reader.raw).toContain('[DONE]');
    await sluice.printed(/backend closed/);
    expect(sluice.output).not.toContain('sk-');
  });

  it('keeps the one it has where the file is unsound, and says why', async () => {
    await start();
    upstream.script(openAi.streamsText(['Hi']));
    await writeFile(file.path, 'backends: [');
    sluice.signal('SIGHUP');
    await sluice.printed(/unsound.*the indentation is wrong, or a bracket is not closed/);
    expect(await (await ask()).text()).toContain('[DONE]');
    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('sluice_config_last_reload_successful 0');
  });

  it('finds out by itself, within seconds, also when the file is another one of that name', async () => {
    await start();
    await writeFile(`${file.path}.new`, JSON.stringify(config('sk-second')));
    await rename(`${file.path}.new`, file.path);
    await sluice.printed(/the configuration was read again/);
    expect(sluice.output).toContain('"changed":["backends"]');
  });

  it('keeps its sandbox, and starts one where a new configuration needs it', async () => {
    await start();
    await write({
      backends: [{ id: 'openai', kind: 'openai' }],
      models: [{ id: 'm', targets: ['openai/m'] }],
      sandbox: { firstTokenMs: 1, tokensPerSecond: 1000 },
    });
    for (let n = 0; n < 2; n += 1) {
      sluice.signal('SIGHUP');
      await sluice.printed(new RegExp(`(read again[^]*){${n + 1}}`));
      const response = await ask();
      expect(response.headers.get('x-sluice-sandbox')).toBe('1');
      expect(await response.text()).toContain('[DONE]');
    }
  });

  it.skipIf(!existsSync(SCRIPT))(
    'ends at SIGHUP where it has a controlling terminal: that was closed',
    async () => {
      const env = { PATH: process.env['PATH'], PORT: '0', SLUICE_CONFIG: file.path };
      const command = `echo pid $$; exec ${process.execPath} ${join(ROOT, 'dist/main.js')}`;
      const child = spawn(SCRIPT, ['-qefc', command, '/dev/null'], { cwd: ROOT, env });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const exited = once(child, 'exit');
      await expect.poll(() => output, { timeout: 10_000 }).toContain('Sluice listens on');
      process.kill(Number(/pid (\d+)/.exec(output)![1]), 'SIGHUP');
      const [code] = (await within(exited, 'it ends', 10_000)) as [number];
      expect(code).toBe(128 + 1);
    },
  );
});
