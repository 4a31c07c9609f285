import { setImmediate as nextTurn } from 'node:timers/promises';
import { BusyUpstream } from './busy-upstream.js';
import { Gateway, type GatewaySettings } from './gateway.js';
import { type CallerRequest, type CallerResponse, SlowCaller } from './slow-caller.js';
import { within } from './within.js';

/** Sluice whose OpenAI backend takes one request at a time and has it; and its callers. */
export class FullBackend {
  readonly #callers: SlowCaller[] = [];

  private constructor(
    readonly gateway: Gateway,
    readonly upstream: BusyUpstream,
  ) {}

  /** The upstream is taken: its first request has arrived, and stays until the test lets it go. */
  static async start(settings: GatewaySettings = {}): Promise<FullBackend> {
    const gateway = await Gateway.start({ room: { openai: 1 }, ...settings });
    const full = new FullBackend(gateway, new BusyUpstream(gateway.openai));
    await full.send({ path: '/chat/gpt-only?message=first' });
    await within(full.upstream.arrived(0), 'the first request arrives');
    return full;
  }

  /** Sends a request on a connection of its own. */
  async send(
    request: CallerRequest,
    localAddress?: string,
  ): Promise<{ readonly caller: SlowCaller; readonly response: CallerResponse }> {
    const caller = await SlowCaller.connect(this.gateway.url, localAddress);
    this.#callers.push(caller);
    return { caller, response: caller.send(request) };
  }

  /** The same for one that will have to wait; resolves once it does. */
  async queue(
    request: CallerRequest,
    localAddress?: string,
  ): Promise<{ readonly caller: SlowCaller; readonly response: CallerResponse }> {
    const active = await this.active();
    const sent = await this.send(request, localAddress);
    await within(this.#grows(active), 'the request waits');
    return sent;
  }

  /** How many generations there are, with those that wait. */
  active(): Promise<number> {
    return this.gateway.metric('llm_active_streams');
  }

  async close(): Promise<void> {
    for (const caller of this.#callers) caller.leave();
    await this.gateway.close();
  }

  async #grows(before: number): Promise<void> {
    while ((await this.active()) <= before) await nextTurn();
  }
}
