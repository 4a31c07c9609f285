import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { within } from '../support/within.js';

const ROOT = join(import.meta.dirname, '../..');

const PAGE_BYTES = 4096;

/** What Sluice's process holds. */
export interface Sample {
  /** After the garbage was collected, like the heap: when that happens by itself is chance. */
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** What V8 has taken for its heap, used or not. */
  readonly reservedBytes: number;
  /** Buffers, which are outside of the heap. */
  readonly externalBytes: number;
  readonly sockets?: number;
  /** What keeps its event loop alive, by name. */
  readonly resources: readonly (readonly [name: string, count: number])[];
  /** Living instances, by class. */
  readonly objects: readonly (readonly [name: string, count: number])[];
  /** Timers that keep it alive, and where they were made. */
  readonly timers: readonly string[];
  readonly warnings: readonly string[];
  readonly unhandled: number;
}

/** The log line of a generation that ended. */
export interface EndedLine {
  readonly requestId: string;
  readonly endReason: string;
  readonly fault?: string;
  readonly durationMs: number;
}

/** The built Sluice in a process of its own, with a look inside; of its log only the ends are passed on. */
export class WatchedSluice {
  /** Lines of its log that were no ordinary ones, for the post-mortem. */
  readonly oddLines: string[] = [];
  /** Lines of its log that say that something of its own went wrong, and what Node prints. */
  readonly errorLines: string[] = [];
  /** Resolves with what Sluice died of, if it did so by itself. */
  readonly died: Promise<string>;
  readonly #exited: Promise<number | string>;
  readonly #url = Promise.withResolvers<string>();
  #stopping = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly onEnded: (line: EndedLine) => void,
  ) {
    createInterface({ input: child.stdout! }).on('line', (line) => this.#read(line, true));
    createInterface({ input: child.stderr! }).on('line', (line) => this.#read(line, false));
    this.#exited = once(child, 'exit').then(
      ([code, signal]) => (code ?? signal) as number | string,
    );
    this.died = this.#exited.then((code) => {
      if (this.#stopping) return new Promise<string>(() => {});
      return `Sluice exited (${code}): ${this.oddLines.join('\n')}`;
    });
  }

  static async start(config: object, onEnded: (line: EndedLine) => void): Promise<WatchedSluice> {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-watched-'));
    const file = join(folder, 'config.yaml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify(config));
    const inspect = [
      '--expose-gc',
      // Of the inspection's own making.
      '--disable-warning=ExperimentalWarning',
      '--import',
      join(import.meta.dirname, 'diagnostics.mjs'),
    ];
    const child = spawn(process.execPath, [...inspect, join(ROOT, 'dist/main.js')], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], SLUICE_CONFIG: file },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    // It is read again and again.
    child.once('exit', () => rmSync(folder, { recursive: true }));
    const sluice = new WatchedSluice(child, onEnded);
    await sluice.url();
    return sluice;
  }

  async url(): Promise<string> {
    const died = this.died.then((why) => Promise.reject(new Error(why)));
    return within(Promise.race([this.#url.promise, died]), 'Sluice listens', 20_000);
  }

  async sample(): Promise<Sample> {
    const answered = once(this.child, 'message') as Promise<[Sample]>;
    this.child.send('sample');
    const [sample] = await within(answered, 'the sample arrives', 60_000);
    return sample;
  }

  /** What the system counts as the process's memory at this moment; nothing where there is no /proc. */
  rssBytes(): readonly number[] {
    try {
      const pages = readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1];
      return [Number(pages) * PAGE_BYTES];
    } catch {
      return [];
    }
  }

  /** Time that it has spent on a processor, in milliseconds; nothing where there is no /proc. */
  cpuMs(): number | undefined {
    try {
      const stat = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8');
      // Behind the name, which may hold anything: utime and stime, in ticks of 10 ms.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) * 10;
    } catch {
      return undefined;
    }
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | string> {
    this.#stopping = true;
    this.child.kill('SIGTERM');
    return within(this.#exited, 'Sluice exits', 20_000).catch(() => {
      this.child.kill('SIGKILL');
      return 'hung';
    });
  }

  #read(line: string, isStdout: boolean): void {
    const isError = line.startsWith('{') ? /"level":"(error|fatal)"/.test(line) : !isStdout;
    if (isError && this.errorLines.length < 100) this.errorLines.push(line);
    const url = /Sluice listens on ([^\s"]+)/.exec(line)?.[1];
    if (url) this.#url.resolve(url);
    if (line.includes('generation ended')) {
      this.onEnded(JSON.parse(line) as EndedLine);
      if (!line.includes('internal')) return;
    }
    // Breakers turn all the time here.
    if (isStdout && (!line.startsWith('{') || line.includes('"breaker '))) return;
    this.oddLines.push(line);
    if (this.oddLines.length > 100) this.oddLines.splice(10, 1);
  }
}
