import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { ollama } from '../support/ollama-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { SlowCaller } from '../support/slow-caller.js';
import { SluiceProcess } from '../support/sluice-process.js';
import { SseReader } from '../support/sse-reader.js';
import { within } from '../support/within.js';

describe('SIGTERM', () => {
  let upstream: ScriptedUpstream;
  let config: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await sluice.kill();
    await upstream.close();
    await config.remove();
  });

  async function start(drain: object): Promise<void> {
    config = await ConfigFile.write({
      backends: [{ id: 'ollama', kind: 'ollama', baseUrl: upstream.url }],
      models: [{ id: 'llama3', targets: ['ollama/llama3'] }],
      drain,
    });
    sluice = SluiceProcess.spawn({ PORT: '0', SLUICE_CONFIG: config.path });
    url = await sluice.listening();
  }

  /** A connection on which `text` was sent. */
  async function connection(text = ''): Promise<Socket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    if (text !== '') await new Promise((resolve) => socket.write(text, resolve));
    return socket;
  }

  async function terminate(): Promise<void> {
    sluice.signal('SIGTERM');
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status).toBe(503);
  }

  it('is announced at boot with the grace period that a pod needs', async () => {
    await start({ delayMs: 5000, forMs: 600_000 });
    expect(sluice.output).toContain('"terminationGracePeriodSeconds":615');
  });

  it('takes the probe of readiness at once, leaves that of life, and exits with 0', async () => {
    await start({ delayMs: 500, forMs: 60_000 });
    upstream.script(ollama.streamsText(['Hi']));
    await terminate();
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    expect((await fetch(`${url}/chat?message=Hi`)).status).toBe(200);
    expect(await sluice.exit()).toBe(0);
  });

  it('lets a running stream finish, and closes its keep-alive connection soon after', async () => {
    await start({ delayMs: 0, forMs: 60_000 });
    const step = ollama.stepper();
    upstream.script(step.script);
    const caller = await SlowCaller.connect(url);
    const response = caller.send({ path: '/chat?message=Hi' });
    await step.next('one');
    await response.readUntil('one');
    await terminate();
    await step.next('two');
    await step.finish();
    expect(await response.rest()).toContain('event: done');
    expect(response.cleanEnd).toBe(true);
    await within(caller.closed, 'the connection closes');
    expect(await sluice.exit()).toBe(0);
  });

  it('ends what still runs after forMs with a word about it, and exits with 0', async () => {
    await start({ delayMs: 200, forMs: 300 });
    upstream.script(ollama.stallsAfter(['Hel', 'lo']));
    const running = new SseReader(await fetch(`${url}/chat?message=Hi`));
    await running.nextEvent();
    sluice.signal('SIGTERM');
    const events = await running.all();
    expect(events.at(-1)).toMatchObject({ event: 'failed' });
    expect(events.at(-1)!.data).toContain('"draining"');
    expect(running.ended).toBe('clean');
    await within(upstream.left(0), 'the upstream is left');
    expect(await sluice.exit()).toBe(0);
    expect(sluice.output).toContain('"endReason":"drained"');
  });

  it('is not held up by a caller that does not read its last words', async () => {
    await start({ delayMs: 0, forMs: 300 });
    upstream.script(ollama.streamsForever('x'.repeat(8000)));
    const caller = await SlowCaller.connect(url);
    caller.send({ path: '/chat?message=Hi' });
    await upstream.request(0);
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
    caller.leave();
  });

  it.each([
    ['that sent nothing', ''],
    ['with half of a head', 'POST /chat HTTP/1.1\r\nhost: localhost\r\n'],
    [
      'with half of a body',
      'POST /chat HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    ],
    ['between two requests', 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n'],
  ])('is not held up by a connection %s', async (_, text) => {
    await start({ delayMs: 0, forMs: 60_000 });
    await connection(text);
    // By now it has been read, too.
    await fetch(`${url}/livez`);
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
  });

  it('sent twice ends everything at once', async () => {
    await start({ delayMs: 60_000, forMs: 60_000 });
    await terminate();
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(1);
  });
});
