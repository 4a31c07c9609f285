import { type EndedLine, WatchedSluice } from '../load/watched-sluice.js';
import { within } from '../support/within.js';
import { markOf } from './case-mark.js';
import { fuzzConfig, LIMITS, STREAMS } from './fuzz-config.js';
import { playCaller } from './fuzz-caller.js';
import { FuzzUpstream, type UpstreamAttempt } from './fuzz-upstream.js';
import { type Case, SLACK_MS } from './oracle.js';
import { requestPlanFor } from './request-plan.js';

export interface SessionOptions {
  readonly seed: number;
}

/** What a caller waits for at most: longer than all deadlines together. */
const PATIENCE_MS = STREAMS.totalMs + LIMITS.queue.maxWaitMs + 2 * SLACK_MS;

/** A built Sluice in a process of its own, and its upstreams in this one. */
export class Session {
  /** Cases that run now. */
  readonly running = new Set<number>();
  /** The log lines of generations by request id; there must be one at most. */
  readonly #ended = new Map<string, EndedLine[]>();
  /** Lines about generations, whichever case they were for. */
  lines = 0;
  /** What went wrong with the fuzzer itself. */
  readonly mistakes: string[] = [];
  readonly #attempts = new Map<number, UpstreamAttempt[]>();
  readonly upstreams: FuzzUpstream[] = [];
  sluice!: WatchedSluice;
  url = '';

  private constructor(private readonly options: SessionOptions) {}

  static async start(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    await session.#start();
    return session;
  }

  async #start(): Promise<void> {
    const { seed } = this.options;
    const options = {
      seed,
      attemptsOf: (k: number) => this.#attempts.get(k)?.length ?? 0,
      onAttempt: (attempt: UpstreamAttempt) => this.#keep(attempt),
      onMistake: (error: unknown) =>
        this.mistakes.push(error instanceof Error ? (error.stack ?? error.message) : String(error)),
    };
    for (const kind of ['openai', 'openai', 'ollama'] as const) {
      this.upstreams.push(await FuzzUpstream.start(kind, options));
    }
    const [first, second, ollama] = this.upstreams.map(({ url }) => url);
    const config = fuzzConfig({ first: first!, second: second!, ollama: ollama! });
    this.sluice = await WatchedSluice.start(config, (line) => this.#keepLine(line));
    this.url = await this.sluice.url();
  }

  /** Plays a case; resolves when its caller has its answer, or has left. */
  async play(k: number): Promise<Case> {
    this.running.add(k);
    const plan = requestPlanFor(this.options.seed, k);
    const played = playCaller(this.url, plan, PATIENCE_MS);
    const got = await within(played, `case ${k} ends`, 2 * PATIENCE_MS);
    this.running.delete(k);
    const unmarked = this.#attempts.get(-1) ?? [];
    return { plan, got, attempts: [...unmarked, ...(this.#attempts.get(k) ?? [])] };
  }

  /** What the log says of a case. */
  endsOf({ plan, got }: Case): readonly EndedLine[] {
    // A damaged id is not taken, and a request without one gets another.
    const id = got.head?.headers['x-request-id'] ?? markOf(plan.k);
    return this.#ended.get(id) ?? [];
  }

  get busy(): number {
    return this.upstreams.reduce((sum, { busy }) => sum + busy, 0);
  }

  get connections(): number {
    return this.upstreams.reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Nothing of the cases so far is needed any more. */
  forget(): void {
    this.#attempts.clear();
    this.#ended.clear();
  }

  /** Resolves with the exit code. */
  async close(): Promise<number | string> {
    const code = await this.sluice.stop();
    await Promise.all(this.upstreams.map((upstream) => upstream.close()));
    return code;
  }

  #keep(attempt: UpstreamAttempt): void {
    const { k } = attempt;
    const attempts = this.#attempts.get(k) ?? [];
    // Of requests that say of no case one is enough: they all get the same answer.
    if (k < 0) attempts.length = 0;
    attempts.push(attempt);
    this.#attempts.set(k, attempts);
  }

  #keepLine(line: EndedLine): void {
    this.lines += 1;
    const lines = this.#ended.get(line.requestId) ?? [];
    lines.push(line);
    this.#ended.set(line.requestId, lines);
  }
}
