import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Answer, Listening } from './messages.ts';
import { cpuMsOf, memoryOf, type ResidentMemory } from './process-usage.ts';

const PROBE = fileURLToPath(new URL('probe.preload.ts', import.meta.url));
const STOP_MS = 5000;

interface Start {
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The scheduler's niceness: above 0 for load that must not push aside what is measured. */
  readonly niceness?: number;
}

/** One process of the bench: its calls, its ports, its usage. All of Node carry the same probe, so that all pay for it. */
export class BenchProcess {
  readonly ports: number[] = [];
  readonly #script: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  #onPort = () => {};

  private constructor(script: string, child: ChildProcess) {
    this.#script = script;
    this.#child = child;
    child.on('message', (message: Answer | Listening) => this.#heard(message));
    child.on('exit', (code, signal) => this.#ended(`${script} ended with ${code ?? signal}`));
  }

  static start(script: string, { args = [], cwd, env, niceness = 0 }: Start = {}): BenchProcess {
    const child = fork(script, args, {
      execArgv: ['--expose-gc', '--import', PROBE],
      // Nothing of the bench's own environment may configure what is measured.
      env: { PATH: process.env['PATH'], ...env },
      // Log lines are made and written, to nowhere.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      ...(cwd !== undefined && { cwd }),
    });
    if (niceness > 0) setPriority(child.pid!, niceness);
    return new BenchProcess(script, child);
  }

  /** A program that is not Node's and so has no probe: it answers no calls and tells no ports. */
  static spawn(command: string, args: readonly string[], ports: readonly number[]): BenchProcess {
    const child = spawn(command, args, { env: {}, stdio: ['ignore', 'ignore', 'inherit'] });
    const started = new BenchProcess(command, child);
    started.ports.push(...ports);
    return started;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get cpuMs(): number {
    return cpuMsOf(this.pid);
  }

  get memory(): ResidentMemory {
    return memoryOf(this.pid);
  }

  /** Resolves once it listens on so many ports. */
  async listening(count = 1): Promise<this> {
    while (this.ports.length < count) {
      if (this.hasEnded) throw new Error(`${this.#script} did not start.`);
      await Promise.race([
        new Promise<void>((resolve) => (this.#onPort = resolve)),
        once(this.#child, 'exit'),
      ]);
    }
    return this;
  }

  ask<T>(name: string, argument?: unknown): Promise<T> {
    const id = (this.#lastId += 1);
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    this.#child.send({ id, name, argument });
    return waiting.promise as Promise<T>;
  }

  async stop(): Promise<void> {
    if (this.hasEnded) return;
    const exit = once(this.#child, 'exit');
    const giveUp = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    await exit;
    clearTimeout(giveUp);
  }

  #heard(message: Answer | Listening): void {
    if ('listening' in message) {
      this.ports.push(message.listening);
      this.#onPort();
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error === undefined) waiting?.resolve(message.result);
    else waiting?.reject(new Error(`${this.#script}: ${message.error}`));
  }

  #ended(how: string): void {
    for (const { reject } of this.#waiting.values()) reject(new Error(how));
    this.#waiting.clear();
  }
}
