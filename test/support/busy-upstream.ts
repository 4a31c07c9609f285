import type { JsonObject } from '../../src/contract/json.js';
import { completion, openAi } from './openai-script.js';
import type { ScriptedUpstream, UpstreamExchange } from './scripted-upstream.js';
import type { Stepper } from './stepper.js';

/** An OpenAI-compatible upstream that keeps every request until the test lets it go, streamed or not. */
export class BusyUpstream {
  /** What the requests said, in the order in which they arrived. */
  readonly messages: string[] = [];
  /** The most requests that were there at once. */
  most = 0;
  #running = 0;
  readonly #kept: (() => Promise<void>)[] = [];

  constructor(private readonly upstream: ScriptedUpstream) {
    upstream.script((exchange) => this.#keep(exchange));
  }

  /** Resolves once the n-th request (from 0) has arrived. */
  async arrived(n: number): Promise<void> {
    await this.upstream.request(n);
  }

  /** Gives the n-th request its whole answer: `answer to ` and what it said. */
  async letGo(n: number): Promise<void> {
    await this.arrived(n);
    this.#running -= 1;
    await this.#kept[n]!();
  }

  #keep(exchange: UpstreamExchange): void {
    const message = messageOf(exchange.request.body);
    this.messages.push(message);
    this.#running += 1;
    this.most = Math.max(this.most, this.#running);
    const answer = `answer to ${message}.`;
    if (exchange.request.body['stream'] !== true) {
      this.#kept.push(async () => exchange.respond(200, completion(answer)));
      return;
    }
    const step: Stepper = openAi.stepper();
    void step.script(exchange);
    this.#kept.push(async () => {
      await step.next(answer);
      await step.finish();
    });
  }
}

function messageOf({ messages }: JsonObject): string {
  return (messages as { readonly content: string }[])[0]!.content;
}
