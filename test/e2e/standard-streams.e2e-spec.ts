import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { freePort } from '../support/free-port.js';
import { ollama } from '../support/ollama-script.js';
import { ScriptedUpstream } from '../support/scripted-upstream.js';
import { within } from '../support/within.js';

const ROOT = join(import.meta.dirname, '../..');
const DROPPED = /^sluice_log_lines_dropped_total (\d+)$/m;

/** The built service, its lines going to where a test wants them. */
describe('Lines that nobody takes', () => {
  let upstream: ScriptedUpstream;
  let config: ConfigFile;
  let url: string;
  let child: ChildProcess;
  let full: number;
  beforeEach(async () => {
    upstream = await ScriptedUpstream.start();
    upstream.script(ollama.streamsText(['Hi']));
    config = await ConfigFile.write({
      backends: [{ id: 'ollama', kind: 'ollama', baseUrl: upstream.url }],
      models: [{ id: 'llama3', targets: ['ollama/llama3'] }],
      drain: { delayMs: 0 },
    });
    full = openSync('/dev/full', 'w');
  });
  afterEach(async () => {
    // The whole group: behind a shell's pipe the service is not the child itself, and would stay.
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
    closeSync(full);
    await upstream.close();
    await config.remove();
  });

  /** Starts the command and waits until the service answers. */
  async function start(command: string, output: 'pipe' | number): Promise<void> {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    child = spawn('/bin/sh', ['-c', command], {
      cwd: ROOT,
      env: { NODE: process.execPath, PORT: String(port), SLUICE_CONFIG: config.path },
      stdio: ['ignore', output, output],
      detached: true,
    });
    const status = async () => {
      if (child.exitCode !== null) return `exited with ${child.exitCode}`;
      const signal = AbortSignal.timeout(1000);
      return fetch(`${url}/livez`, { signal }).then((livez) => livez.status, String);
    };
    await expect.poll(status, { timeout: 15_000 }).toBe(200);
  }

  async function chat(times: number): Promise<void> {
    for (let i = 0; i < times; i += 20) {
      const asking = Array.from({ length: 20 }, () => fetch(`${url}/chat?message=Hi`));
      for (const response of await Promise.all(asking)) {
        expect(await response.text()).toContain('event: done');
      }
    }
  }

  async function dropped(): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(DROPPED.exec(metrics)?.[1]);
  }

  async function cpuSeconds(): Promise<number> {
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)$/m.exec(metrics)?.[1]);
  }

  it('are dropped when their reader is gone, and the service goes on', async () => {
    await start('"$NODE" dist/main.js | head -n 1', 'pipe');
    await chat(40);
    await expect.poll(dropped).toBeGreaterThanOrEqual(40);
    // An error for every write, and a line for every error, would never come to rest.
    const isAtRest = async () => {
      const [lines, seconds] = [await dropped(), await cpuSeconds()];
      await pause(100);
      return (await dropped()) === lines && (await cpuSeconds()) - seconds < 0.05;
    };
    await expect.poll(isAtRest, { timeout: 10_000 }).toBe(true);
  });

  it('are dropped when the disk is full, and the service starts', async () => {
    await start('exec "$NODE" dist/main.js', full);
    await chat(40);
    await expect.poll(dropped).toBeGreaterThanOrEqual(40);
    child.kill('SIGTERM');
    expect(await within(once(child, 'exit'), 'the exit', 10_000)).toEqual([0, null]);
  });

  it('wait behind a reader that stalls: streams and the exit do not', async () => {
    await start('exec "$NODE" dist/main.js', 'pipe');
    await chat(1000);
    expect(await dropped()).toBe(0);
    child.kill('SIGTERM');
    expect(await within(once(child, 'exit'), 'the exit', 10_000)).toEqual([0, null]);
  });

  it('come out whole and in order once they are read', async () => {
    await start('exec "$NODE" dist/main.js', 'pipe');
    await chat(1000);
    let text = '';
    child.stdout!.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.stderr!.resume();
    child.kill('SIGTERM');
    await within(once(child, 'close'), 'the exit', 10_000);
    const lines = text.split('\n').filter((line) => line.startsWith('{"level"'));
    const times = lines.map((line) =>
      Date.parse((JSON.parse(line) as { timestamp: string }).timestamp),
    );
    expect(lines.filter((line) => line.includes('generation ended'))).toHaveLength(1000);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(lines.at(-1)).toContain('draining');
  });
});
