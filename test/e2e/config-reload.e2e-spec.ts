import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Logger } from '@nestjs/common';
import { ConfigReload } from '../../src/config/config-reload.js';
import { LiveConfig } from '../../src/config/live-config.js';
import { ConfigSource } from '../../src/config/load/config-source.js';
import { FilesRead } from '../../src/config/load/files-read.js';
import type { GatewayConfig } from '../../src/config/schema/gateway-config.js';
import { LogLines } from '../support/log-lines.js';
import { TlsUpstream } from '../support/tls-upstream.js';

/** A configuration in a folder of its own, read again by whatever the test calls. */
describe('The files of a configuration', () => {
  let folder: string;
  let log: LogLines;
  let source: ConfigSource;
  let live: LiveConfig;
  let reload: ConfigReload;
  const heard = { replaced: 0, refused: 0 };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-'));
    log = new LogLines();
    Logger.overrideLogger(log);
    Object.assign(heard, { replaced: 0, refused: 0 });
    await writeFile(at('secret'), 'sk-first\n');
    await write();
  });
  afterEach(async () => {
    Logger.overrideLogger(true);
    await rm(folder, { recursive: true });
  });

  const at = (name: string) => join(folder, name);

  function sourceOf(more: object = {}, backend: object = {}): string {
    const apiKey = `\${file:${at('secret')}}`;
    return JSON.stringify({
      backends: [{ id: 'a', kind: 'openai', baseUrl: 'http://a', apiKey, ...backend }],
      models: [{ id: 'm', targets: ['a/m'] }],
      ...more,
    });
  }

  function write(more?: object, backend?: object, name = 'sluice.yaml'): Promise<void> {
    return writeFile(at(name), sourceOf(more, backend));
  }

  function open(
    file = at('sluice.yaml'),
    complete = (config: GatewayConfig) => Promise.resolve(config),
  ): void {
    const files = new FilesRead();
    source = ConfigSource.of(file, {});
    live = new LiveConfig(source.load(files));
    live.observe({
      replaced: () => (heard.replaced += 1),
      refused: () => (heard.refused += 1),
    });
    reload = new ConfigReload(source, live, files, complete);
  }

  it('are left alone as long as they say the same, also when they are written again', async () => {
    open();
    const before = live.current;
    await write();
    await reload.look();
    expect(live.current).toBe(before);
    expect(log.lines).toEqual([]);
  });

  it('replace the snapshot when one changed, and the log says what of it', async () => {
    open();
    await write({ streams: { heartbeatMs: 7 } });
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(7);
    expect(log.lines).toEqual([
      expect.stringMatching(/the configuration was read again.*"changed":\["streams"\]/),
    ]);
  });

  it('are a secret, too, whose new content is taken without the file having changed', async () => {
    open();
    await writeFile(at('secret'), 'sk-second\n');
    await reload.look();
    expect(live.current.backends[0]!.apiKey).toBe('sk-second');
    expect(log.text).not.toContain('sk-');
  });

  it('are the authorities of a backend, too', async () => {
    await copyFile(TlsUpstream.caFile, at('ca.pem'));
    await write({}, { caFile: at('ca.pem') });
    open();
    await writeFile(at('ca.pem'), `# renewed\n${TlsUpstream.ca}`);
    await reload.look();
    expect(live.current.backends[0]!.ca).toContain('# renewed');
    await writeFile(at('ca.pem'), TlsUpstream.ca.slice(0, 200));
    await reload.look();
    expect(log.lines.at(-1)).toContain('backends[0].caFile (line 1): must be a PEM file');
    expect(live.current.backends[0]!.ca).toContain('# renewed');
  });

  it('may be swapped by a symlink above them, as Kubernetes does it', async () => {
    for (const [name, ms] of [
      ['..1', 1],
      ['..2', 2],
    ] as const) {
      await mkdir(at(name));
      await write({ streams: { heartbeatMs: ms } }, {}, `${name}/sluice.yaml`);
    }
    await symlink('..1', at('..data'));
    await symlink(join('..data', 'sluice.yaml'), at('mounted.yaml'));
    open(at('mounted.yaml'));
    expect(live.current.streams.heartbeatMs).toBe(1);
    await symlink('..2', at('..data_tmp'));
    await rename(at('..data_tmp'), at('..data'));
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(2);
  });

  it('leave the snapshot as it is when they are unsound, and every fault is logged, once', async () => {
    open();
    const before = live.current;
    await write({ streams: { heartbeatMs: 0 }, defaultModel: 'nobody' });
    await reload.look();
    await reload.look();
    expect(live.current).toBe(before);
    expect(heard).toEqual({ replaced: 0, refused: 1 });
    expect(log.lines).toHaveLength(1);
    expect(log.lines[0]).toMatch(
      /unsound.*defaultModel \(line 1\): .*streams\.heartbeatMs \(line 1\): /,
    );
    await write({ streams: { heartbeatMs: 0 } });
    await reload.look();
    expect(log.lines).toHaveLength(2);
    await write();
    await reload.look();
    expect(heard).toEqual({ replaced: 1, refused: 2 });
  });

  it('may be gone for a while', async () => {
    open();
    await rm(at('secret'));
    await reload.look();
    await reload.look();
    expect(log.lines).toEqual([expect.stringContaining('cannot be read (ENOENT)')]);
    expect(live.current.backends[0]!.apiKey).toBe('sk-first');
    await writeFile(at('secret'), 'sk-second');
    await reload.look();
    expect(live.current.backends[0]!.apiKey).toBe('sk-second');
  });

  it('are not taken while they are being written', async () => {
    open();
    await write({ streams: { heartbeatMs: 1 } });
    const load = source.load.bind(source);
    vi.spyOn(source, 'load').mockImplementationOnce((files) => {
      const loaded = load(files);
      writeFileSync(at('sluice.yaml'), sourceOf({ streams: { heartbeatMs: 2 } }));
      return loaded;
    });
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(15_000);
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(2);
  });

  it('are read at once by whoever asks, who hears of them in any case', async () => {
    open();
    await write({ streams: { heartbeatMs: 0 } });
    await reload.reload();
    await reload.reload();
    expect(log.lines.filter((line) => line.includes('unsound'))).toHaveLength(2);
  });

  it('may change what needs a restart: the log says so once, and the rest takes effect', async () => {
    open();
    const server = { port: 4000, host: 'localhost' };
    await write({ server, streams: { heartbeatMs: 7 } });
    await reload.look();
    expect(live.current.server).toMatchObject({ port: 3000, host: '127.0.0.1' });
    expect(live.current.streams.heartbeatMs).toBe(7);
    await write({ server, streams: { heartbeatMs: 8 } });
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(8);
    expect(log.lines.filter((line) => line.includes('needs a restart'))).toEqual([
      expect.stringContaining('"paths":["server.host","server.port"]'),
    ]);
  });

  it('let nobody in who was kept out by where they want to listen after a restart', async () => {
    await write({ server: { host: '0.0.0.0' }, access: { allowOpen: true } });
    open();
    await write({ server: { host: '127.0.0.1' } });
    await reload.look();
    expect(live.current.access.allowOpen).toBe(true);
    expect(log.lines.at(-1)).toMatch(/unsound.*access: lets everybody in/);
  });

  it.each([
    ['Redis', () => ({ redis: { url: 'redis://127.0.0.1:1' } })],
    ['the ledger', () => ({ usage: { file: at('usage.db') } })],
  ])('set no limit that needs %s before the restart that brings it', async (_, store) => {
    open();
    const before = live.current;
    const models = [{ id: 'm', targets: ['a/m'], limits: { tokensPerDay: 1000 } }];
    await write({ ...store(), models });
    await reload.look();
    expect(live.current).toBe(before);
    expect(heard).toEqual({ replaced: 0, refused: 1 });
    expect(log.lines.at(-1)).toMatch(/unsound.*models\[0\]\.limits\.tokensPerDay.*restart/);
  });

  it('take no store from a limit: it is there until the restart', async () => {
    const models = [{ id: 'm', targets: ['a/m'], limits: { tokensPerDay: 1000 } }];
    const redis = { url: 'redis://127.0.0.1:1' };
    await write({ redis, models });
    open();
    await write({ models });
    await reload.look();
    expect(heard).toEqual({ replaced: 0, refused: 1 });
    await write({ redis: { url: 'redis://127.0.0.1:2' }, models, streams: { heartbeatMs: 7 } });
    await reload.look();
    expect(live.current.redis?.url).toBe('redis://127.0.0.1:1');
    expect(live.current.streams.heartbeatMs).toBe(7);
  });

  it('keep the environment of the start', async () => {
    const env = { MS: '5' };
    await write({ streams: { heartbeatMs: '${MS}' } });
    const files = new FilesRead();
    source = ConfigSource.of(at('sluice.yaml'), env);
    live = new LiveConfig(source.load(files));
    reload = new ConfigReload(source, live, files, (config) => Promise.resolve(config));
    env.MS = '6';
    await write({ streams: { heartbeatMs: '${MS}' }, defaultModel: 'm' });
    await reload.look();
    expect(live.current.streams.heartbeatMs).toBe(5);
  });

  it('leave everything as it is where completing them fails', async () => {
    open(undefined, () => Promise.reject(new Error('no sandbox')));
    const before = live.current;
    await write({ streams: { heartbeatMs: 7 } });
    await reload.look();
    expect(live.current).toBe(before);
    expect(heard.refused).toBe(1);
    expect(log.text).toContain('could not be taken over');
  });
  it.each<[string, (path: string) => void]>([
    ['a FIFO', (path) => execFileSync('mkfifo', [path])],
    ['a folder', (path) => mkdirSync(path)],
    [
      '4 GB of nothing',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 4_000_000_000);
      },
    ],
  ])('stop nothing where one has become %s, and are read again once it is not', async (_, make) => {
    open();
    const before = live.current;
    await rm(at('secret'));
    make(at('secret'));
    await reload.look();
    await reload.reload();
    expect(live.current).toBe(before);
    expect(heard).toEqual({ replaced: 0, refused: 2 });
    await rm(at('secret'), { recursive: true });
    await writeFile(at('secret'), 'sk-second');
    await reload.look();
    expect(live.current.backends[0]!.apiKey).toBe('sk-second');
  });

  it('are read once more for many signals', async () => {
    open();
    await Promise.all(Array.from({ length: 100 }, () => reload.reload()));
    expect(log.lines.filter((line) => line.includes('was read again'))).toHaveLength(1);
  });

  it('are taken over by all or by nobody, and again when nobody could', async () => {
    open();
    const before = live.current;
    const told: (string | undefined)[] = [];
    let fails = true;
    live.observe({ replaced: (next) => told.push(next.backends[0]!.apiKey) });
    live.observe({
      replaced: (next) => {
        if (fails && next !== before) throw new Error('no');
      },
    });
    await writeFile(at('secret'), 'sk-second');
    await reload.look();
    expect(live.current).toBe(before);
    expect(told).toEqual(['sk-second', 'sk-first']);
    fails = false;
    await reload.look();
    expect(live.current.backends[0]!.apiKey).toBe('sk-second');
  });
});
