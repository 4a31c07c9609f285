import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { within } from './within.js';

const ROOT = join(import.meta.dirname, '../..');

/** The built service in a process of its own, as an operator runs it. `npm test` builds it first. */
export class SluiceProcess {
  #output = '';
  readonly #exited: Promise<number | null>;

  private constructor(private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.#exited = once(child, 'exit').then(([code]) => code as number | null);
  }

  /** One that was started in some way of its own. */
  static of(child: ChildProcess): SluiceProcess {
    return new SluiceProcess(child);
  }

  /**
   * @param env the whole environment, beside PATH: nothing of the test's own gets in
   * @param installation where it is built and installed
   */
  static spawn(
    env: Record<string, string>,
    args: readonly string[] = [],
    installation = ROOT,
  ): SluiceProcess {
    const child = spawn(process.execPath, [join(installation, 'dist/main.js'), ...args], {
      cwd: ROOT,
      env: { PATH: process.env['PATH'], ...env },
      // In a session of its own it has no controlling terminal, wherever the tests are run.
      detached: true,
    });
    return new SluiceProcess(child);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Everything it printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Resolves with the URL that its banner tells. */
  async listening(): Promise<string> {
    const url = () => /Sluice listens on ([^\s"]+)/.exec(this.#output)?.[1];
    await this.printed(/Sluice listens on/);
    return url()!;
  }

  /** Resolves once it printed what `pattern` matches. */
  async printed(pattern: RegExp, ms = 10_000): Promise<void> {
    while (!pattern.test(this.#output)) {
      const streams = [this.child.stdout!, this.child.stderr!];
      const more = Promise.race(streams.map((stream) => once(stream, 'data'))).then(
        () => undefined,
      );
      const exited = await within(Promise.race([more, this.#exited]), `it prints ${pattern}`, ms);
      if (exited !== undefined) throw new Error(`Sluice exited: ${this.#output}`);
    }
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.child.kill(name);
  }

  /** Resolves with the exit code; `null` when a signal ended it. */
  exit(): Promise<number | null> {
    return within(this.#exited, 'Sluice exits', 10_000);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }
}
