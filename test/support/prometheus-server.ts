import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { shippedFile } from './shipped-file.js';
import { systemPart } from './system-parts.js';
import { within } from './within.js';

const SHIPPED = join(import.meta.dirname, '../../deploy/prometheus');

/** A series of an answer: its labels, and its values from the first moment to the last. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, value. */
  readonly points: readonly (readonly [number, number])[];
}

interface ApiSeries {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
}

/** A real Prometheus with the files of `deploy/prometheus`, which looks at a Sluice twice a second. */
export class PrometheusServer {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  /**
   * @param sluice its URL
   * @param adminKey the secret of a key with `admin: true`
   */
  static async start(sluice: string, adminKey: string): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-prometheus-'));
    const config = shippedFile('deploy/prometheus/prometheus.yaml', {
      '127.0.0.1:3000': new URL(sluice).host,
      'scrape_interval: 15s': 'scrape_interval: 500ms',
      'evaluation_interval: 15s': 'evaluation_interval: 500ms',
    });
    await writeFile(join(folder, 'prometheus.yaml'), config);
    await writeFile(join(folder, 'admin-key'), adminKey);
    for (const file of ['rules.yaml', 'alerts.yaml']) {
      await copyFile(join(SHIPPED, file), join(folder, file));
    }
    const address = `127.0.0.1:${await freePort()}`;
    const args = [
      `--config.file=${folder}/prometheus.yaml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${address}`,
      '--log.level=error',
    ];
    const child = spawn(systemPart('prometheus').path, args, { stdio: 'inherit' });
    const server = new PrometheusServer(`http://${address}`, folder, child);
    await within(server.#ready(), 'Prometheus starts', 10_000);
    return server;
  }

  /** What a query says now. */
  query(expr: string): Promise<readonly Series[]> {
    return this.#ask('query', { query: expr });
  }

  /** What it says from one moment to another, in seconds since 1970. */
  queryRange(expr: string, start: number, end: number, step: number): Promise<readonly Series[]> {
    const range = { start: String(start), end: String(end), step: String(step) };
    return this.#ask('query_range', { query: expr, ...range });
  }

  async stop(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
    await rm(this.folder, { recursive: true });
  }

  async #ask(what: string, parameters: Record<string, string>): Promise<readonly Series[]> {
    const response = await fetch(`${this.url}/api/v1/${what}`, {
      method: 'POST',
      body: new URLSearchParams(parameters),
    });
    const { data, error } = (await response.json()) as {
      data?: { result: ApiSeries[] };
      error?: string;
    };
    if (!data) throw new Error(`${parameters['query']}: ${error}`);
    return data.result.map(({ metric, value, values = value ? [value] : [] }) => ({
      metric,
      points: values.map(([at, text]) => [at, Number(text)] as const),
    }));
  }

  async #ready(): Promise<void> {
    for (;;) {
      if (this.child.exitCode !== null) throw new Error('Prometheus exited.');
      const response = await fetch(`${this.url}/-/ready`).catch(() => undefined);
      if (response?.ok) return;
      await pause(20);
    }
  }
}
