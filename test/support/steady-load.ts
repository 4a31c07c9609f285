import { setTimeout as pause } from 'node:timers/promises';
import type { ProxiedCaller, ProxiedRequest } from './proxied-caller.js';

export interface LoadedRequest extends ProxiedRequest {
  /** What a whole answer to it has at its end. */
  readonly ending: string;
}

/** What is told of one request that did not come out well. */
export interface Loss {
  readonly path: string;
  readonly status: number | undefined;
  readonly end: string;
  readonly text: string;
}

/** Callers that ask and ask, and what became of it. */
export class SteadyLoad {
  readonly losses: Loss[] = [];
  #whole = 0;
  #isOver = false;
  readonly #asking: Promise<void>[] = [];

  /** @param callers that share the requests evenly */
  constructor(private readonly callers: readonly ProxiedCaller[]) {}

  /** How many answers came whole. */
  get whole(): number {
    return this.#whole;
  }

  /** Keeps so many running at once: one that ends makes room for the next. */
  keepRunning(count: number, request: LoadedRequest): void {
    for (let n = 0; n < count; n += 1) this.#asking.push(this.#again(request, n));
  }

  /** Begins so many a second, whatever becomes of those before. */
  begin(perSecond: number, requests: readonly LoadedRequest[]): void {
    this.#asking.push(this.#steadily(1000 / perSecond, requests));
  }

  /** Begins no more, and resolves when all have ended. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#asking);
  }

  async #again(request: LoadedRequest, n: number): Promise<void> {
    while (!this.#isOver) await this.#ask(request, n);
  }

  async #steadily(everyMs: number, requests: readonly LoadedRequest[]): Promise<void> {
    const asked: Promise<void>[] = [];
    for (let n = 0; !this.#isOver; n += 1) {
      asked.push(this.#ask(requests[n % requests.length]!, n));
      await pause(everyMs);
    }
    await Promise.all(asked);
  }

  async #ask({ ending, ...request }: LoadedRequest, n: number): Promise<void> {
    const { path } = request;
    try {
      const answer = await this.callers[n % this.callers.length]!.ask(request);
      const text = await answer.rest();
      const end = await answer.ended;
      const { status } = answer;
      if (status === 200 && end === 'clean' && text.includes(ending)) this.#whole += 1;
      else this.losses.push({ path, status, end, text: text.slice(-300) });
    } catch (error) {
      this.losses.push({ path, status: undefined, end: String(error), text: '' });
    }
  }
}
