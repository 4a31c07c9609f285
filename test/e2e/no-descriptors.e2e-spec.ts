import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chatEvents } from '../support/chat-events.js';
import { ConfigFile } from '../support/config-file.js';
import { ollama } from '../support/ollama-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';
import { within } from '../support/within.js';

const ROOT = join(import.meta.dirname, '../..');
const DESCRIPTORS = 64;

describe('A process without file descriptors', () => {
  let upstream: ScriptedUpstream;
  let config: ConfigFile;
  let child: ChildProcess;
  let url: string;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    upstream.script(ollama.streamsText(['Hi']));
    config = await ConfigFile.write({
      backends: [{ id: 'ollama', kind: 'ollama', baseUrl: upstream.url }],
      models: [{ id: 'llama3', targets: ['ollama/llama3'] }],
    });
    child = spawn('/bin/sh', ['-c', `ulimit -n ${DESCRIPTORS}; exec "$NODE" dist/main.js`], {
      cwd: ROOT,
      env: { NODE: process.execPath, PORT: '0', SLUICE_CONFIG: config.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    url = await banner(child);
  });
  afterEach(async () => {
    child.kill('SIGKILL');
    await upstream.close();
    await config.remove();
  });

  it('refuses connections, and comes back when there are some again', async () => {
    const sockets = await flood(Number(new URL(url).port), 4 * DESCRIPTORS);
    const refused = sockets.filter((socket) => socket.destroyed || socket.readableEnded);
    expect(refused.length).toBeGreaterThan(DESCRIPTORS);
    expect(child.exitCode).toBeNull();

    for (const socket of sockets) socket.destroy();
    const answers = async () => (await fetch(`${url}/livez`).catch(() => undefined))?.status;
    await expect.poll(answers, { timeout: 10_000 }).toBe(200);
    const events = await chatEvents(await fetch(`${url}/chat?message=Hi`));
    expect(events.at(-1)?.type).toBe('done');
  });

  it('blames no target for it', async () => {
    const caller = await SlowCaller.connect(url);
    // It is served, so its connection is accepted and will be kept.
    await caller.send({ path: '/livez' }).rest();
    const sockets = await flood(Number(new URL(url).port), 4 * DESCRIPTORS);
    const messages = [{ role: 'user', content: 'Hi' }];
    for (let i = 0; i < 10; i += 1) {
      const response = caller.send({
        path: '/v1/chat/completions',
        body: { model: 'llama3', messages },
      });
      expect(await response.rest()).toContain('"code":"overloaded"');
      expect((await response.head()).status).toBe(503);
    }
    for (const socket of sockets) socket.destroy();
    const again = async () => {
      const response = caller.send({
        path: '/v1/chat/completions',
        body: { model: 'llama3', messages, stream: true },
      });
      await response.rest();
      return (await response.head()).status;
    };
    upstream.script(ollama.streamsText(['Hi']));
    await expect.poll(again).toBe(200);
    expect(await (await fetch(`${url}/metrics`)).text()).toMatch(/^llm_breaker_open\{.*\} 0$/m);
    caller.leave();
  });
});

/** The URL that the service tells when it listens. */
async function banner({ stdout }: ChildProcess): Promise<string> {
  let output = '';
  for (;;) {
    const url = /Sluice listens on ([^\s"]+)/.exec(output)?.[1];
    if (url) return url;
    const [text] = (await once(stdout!, 'data')) as [Buffer];
    output += text.toString();
  }
}

/** Opens so many connections, and waits until those that are not kept were closed. */
async function flood(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  for (let i = 0; i < count; i += 1) {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.resume();
    sockets.push(socket);
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  }
  const last = sockets.at(-1)!;
  if (!last.destroyed) await within(once(last, 'close'), 'the last one is closed');
  return sockets;
}
