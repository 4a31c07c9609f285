import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFile } from '../support/config-file.js';
import { SluiceProcess } from '../support/sluice-process.js';

const run = promisify(execFile);

/** No file of the process may grow beyond so many bytes: a disk that is full, until it is not. */
async function limitFiles({ pid }: SluiceProcess, bytes: number | 'unlimited'): Promise<void> {
  await run('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`]);
}

describe.skipIf(process.platform !== 'linux')('A usage ledger on a full disk', () => {
  let folder: string;
  let config: ConfigFile;
  let sluice: SluiceProcess;
  let url: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-usage-'));
    config = await ConfigFile.write({
      sandbox: { tokensPerSecond: 10_000, firstTokenMs: 1 },
      backends: [{ id: 'openai', kind: 'openai' }],
      models: [{ id: 'm', targets: ['openai/gpt'] }],
      drain: { delayMs: 0 },
      usage: { file: join(folder, 'usage.db') },
    });
    sluice = SluiceProcess.spawn({ PORT: '0', SLUICE_CONFIG: config.path });
    url = await sluice.listening();
  });
  afterEach(async () => {
    await sluice.kill();
    await config.remove();
    await rm(folder, { recursive: true });
  });

  async function requests(): Promise<number> {
    const { rows } = (await (await fetch(`${url}/admin/usage`)).json()) as {
      rows: [{ requests: number }];
    };
    return rows[0].requests;
  }

  async function ask(): Promise<void> {
    const text = await (await fetch(`${url}/chat?message=Hi`)).text();
    expect(text).toContain('event: done');
  }

  it('stops no stream, and has all of them once there is room again', async () => {
    await ask();
    while ((await requests()) < 1) await pause(50);
    await limitFiles(sluice, 1);
    for (let n = 0; n < 20; n += 1) await ask();
    while (!sluice.output.includes('the usage store fails')) await pause(50);
    await ask();
    expect(await requests()).toBe(1);
    await limitFiles(sluice, 'unlimited');
    while ((await requests()) < 22) await pause(50);
    expect(sluice.output).toContain('the usage store is back');
    sluice.signal('SIGTERM');
    expect(await sluice.exit()).toBe(0);
  }, 30_000);
});
