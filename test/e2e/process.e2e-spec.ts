import { once } from 'node:events';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { freePort } from '../support/free-port.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { isMissing } from '../support/system-parts.js';
import { spawnInTerminal } from '../support/terminal.js';
import { SseReader } from '../support/sse-reader.js';

const SANDBOX = 'config/sandbox.yaml';

describe('The built service', () => {
  let sluice: SluiceProcess | undefined;
  afterEach(() => sluice?.kill());

  function start(env: Record<string, string> = {}, args: readonly string[] = []): SluiceProcess {
    return (sluice = SluiceProcess.spawn({ PORT: '0', ...env }, args));
  }

  it.skipIf(isMissing('bsdutils'))(
    'starts with the sandbox, and gives commands to paste',
    async () => {
      sluice = spawnInTerminal({ PORT: '0', NO_COLOR: '1' }, SANDBOX);
      const url = await sluice.listening();
      // A terminal hands it on piece by piece.
      await sluice.printed(/every answer is canned[^]*npm start/);
      expect(sluice.output).toContain(`curl -N "${url}/chat?message=Hello"`);
      expect(sluice.output).toContain('OPENAI_API_KEY="sk-…"');
      const response = await fetch(`${url}/chat?message=Hello`);
      expect(response.headers.get('x-sluice-sandbox')).toBe('1');
      await new SseReader(response).all();
      await sluice.printed(/← openai\/gpt-4o {2}completed {2}first token \d+ ms/);
      expect(sluice.output).not.toContain('{"level"');
    },
  );

  it('tells a collector of logs the same in one line of JSON, and nothing that is none', async () => {
    const url = await start({}, [SANDBOX]).listening();
    const lines = sluice!.output.trim().split('\n');
    const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(said.at(-1)).toMatchObject({
      level: 'info',
      message: `Sluice listens on ${url}`,
      config: SANDBOX,
      access: 'open',
      sandbox: true,
    });
  });

  it('says no more than LOG_LEVEL lets it', async () => {
    const url = await start({ LOG_LEVEL: 'debug' }, [SANDBOX]).listening();
    await (await fetch(`${url}/chat?message=Hello`)).text();
    await sluice!.printed(/"level":"debug".*"message":"attempt ended"/);
    await sluice!.kill();
    const port = String(await freePort());
    start({ LOG_LEVEL: 'warn', PORT: port }, [SANDBOX]);
    const chat = `http://127.0.0.1:${port}/chat?message=Hello`;
    const answer = () => fetch(chat).then((response) => response.text());
    await expect.poll(() => answer().catch(() => ''), { timeout: 10_000 }).toContain('done');
    sluice!.signal('SIGTERM');
    expect([await sluice!.exit(), sluice!.output]).toEqual([0, '']);
  });

  it('names a LOG_LEVEL that there is not', async () => {
    expect(await start({ LOG_LEVEL: 'loud' }, [SANDBOX]).exit()).toBe(1);
    expect(sluice!.output).toContain('LOG_LEVEL: must be one of: error, warn, info, debug');
  });

  it('prefers SLUICE_CONFIG to the file it was given as an argument', async () => {
    const openAi = { OPENAI_API_KEY: 'sk-test', SLUICE_CONFIG: 'config/openai-ollama.yaml' };
    const url = await start(openAi, [SANDBOX]).listening();
    const { data } = (await (await fetch(`${url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['gpt-4o', 'llama3']);
    expect(sluice!.output).not.toContain('sk-test');
  });

  it('refuses to start without a configuration, and says what to write', async () => {
    expect(await start().exit()).toBe(1);
    expect(sluice!.output).toContain('SLUICE_CONFIG');
    expect(sluice!.output).toContain('backends:');
    expect(sluice!.output).not.toMatch(/\n\s+at /);
  });

  it('names the variable that is missing', async () => {
    expect(await start({ SLUICE_CONFIG: 'config/openai-ollama.yaml' }).exit()).toBe(1);
    expect(sluice!.output).toContain('backends[0].apiKey');
    expect(sluice!.output).toContain('OPENAI_API_KEY');
    expect(sluice!.output).not.toMatch(/\n\s+at /);
  });

  it('says in one sentence that its port is in use, with the command that helps', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    expect(await start({ PORT: String(port) }, [SANDBOX]).exit()).toBe(1);
    expect(sluice!.output.trim().split('\n').at(-1)).toBe(
      `Port ${port} is in use: stop whoever has it, or choose another with "PORT=${port + 1} npm start".`,
    );
    other.close();
  });

  it('names the port for operators where that one is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const file = join(await mkdtemp(join(tmpdir(), 'sluice-')), 'sluice.yaml');
    await writeFile(file, `${await readFile(SANDBOX, 'utf8')}\nserver: { adminPort: ${port} }\n`);
    expect(await start({}, [file]).exit()).toBe(1);
    expect(sluice!.output).toContain(`Sluice cannot listen on 127.0.0.1:${port} (EADDRINUSE)`);
    expect(sluice!.output).toContain('server.adminPort');
    other.close();
  });

  it.each<[string, object, string]>([
    [
      'a ledger that is none',
      { usage: { file: import.meta.filename } },
      `usage.file: ${import.meta.filename} cannot be used for the usage ledger`,
    ],
    [
      'an admin listener without an address',
      { server: { port: 0, adminPort: 9, adminHost: '192.0.2.1' } },
      'Sluice cannot listen on 192.0.2.1:9 (EADDRNOTAVAIL): correct server.adminHost and server.adminPort',
    ],
    [
      'an admin listener without a name',
      { server: { port: 0, adminPort: 9, adminHost: 'nobody.invalid' } },
      'Sluice cannot listen on nobody.invalid:9',
    ],
  ])('says once, in one line, that it does not start for %s', async (_, settings, words) => {
    const config = await ConfigFile.write({
      backends: [{ id: 'a', kind: 'ollama', baseUrl: 'http://127.0.0.1:1' }],
      models: [{ id: 'm', targets: ['a/m'] }],
      ...settings,
    });
    expect(await start({}, [config.path]).exit()).toBe(1);
    await config.remove();
    expect(sluice!.output.split(words)).toHaveLength(2);
    expect(sluice!.output).not.toMatch(/\bat |stack|Error:/);
  });

  it('finishes running streams after SIGTERM, refuses new ones, and exits with 0', async () => {
    const url = await start({}, [SANDBOX]).listening();
    const running = new SseReader(await fetch(`${url}/chat?message=Hello`));
    await running.nextEvent();
    sluice!.signal('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    const refused = await fetch(`${url}/chat?message=Hello`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    const events = await running.all();
    expect(events.at(-1)).toMatchObject({ event: 'done' });
    expect(await sluice!.exit()).toBe(0);
  });

  it('exits at once on a second signal', async () => {
    const url = await start({}, [SANDBOX]).listening();
    const running = new SseReader(await fetch(`${url}/chat?message=Hello`));
    await running.nextEvent();
    sluice!.signal('SIGINT');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
    sluice!.signal('SIGINT');
    expect(await sluice!.exit()).toBe(1);
    await running.all();
    expect(running.ended).toBe('cut');
  });

  it('writes JSON lines, and nothing of the wiring', async () => {
    const url = await start({}, [SANDBOX]).listening();
    await (await fetch(`${url}/chat/demo-cut?message=Hello`)).text();
    await sluice!.printed(/generation ended/);
    const lines = sluice!.output.trim().split('\n');
    const ended = lines.map((line) => JSON.parse(line) as Record<string, unknown>).at(-1);
    expect(ended).toMatchObject({ endReason: 'upstream_cut', model: 'demo-cut' });
    expect(lines.join()).not.toContain('RouterExplorer');
  });
});
