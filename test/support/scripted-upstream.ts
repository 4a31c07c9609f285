import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { urlOf } from './url-of.js';
import { CallerLeft, UpstreamExchange, UpstreamRequest } from './upstream-exchange.js';

export { UpstreamExchange, UpstreamRequest } from './upstream-exchange.js';

/** What the upstream does with one request. */
export type UpstreamScript = (exchange: UpstreamExchange) => void | Promise<void>;

/** A real HTTP server on a free port that plays an upstream, OpenAI-compatible or Ollama, under a script. */
export class ScriptedUpstream {
  /** Every request that arrived, in order. */
  readonly requests: UpstreamRequest[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Map<number, PromiseWithResolvers<UpstreamRequest>>();
  #scripts: UpstreamScript[] = [];
  #connections = 0;
  #scriptError: { error: unknown } | undefined;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {
    server.on('connection', (socket) => {
      this.#connections += 1;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#play(request, response));
  }

  static async start(): Promise<ScriptedUpstream> {
    // An idle connection is kept for as long as a test runs: only the caller decides about reuse.
    const server = createServer({ keepAliveTimeout: 60_000, requestTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedUpstream(urlOf(server), server);
  }

  get openaiUrl(): string {
    return `${this.url}/v1`;
  }

  /** How many connections were accepted so far. */
  get connections(): number {
    return this.#connections;
  }

  /** How many connections are open, with those that are idle. */
  get openConnections(): number {
    return this.#sockets.size;
  }

  /** What happens to the next requests: one script each, in order; the last one given repeats. */
  script(...scripts: UpstreamScript[]): void {
    this.#scripts = scripts;
  }

  /** Resolves with the n-th request (from 0) once its headers and body have arrived. */
  request(n: number): Promise<UpstreamRequest> {
    const arrived = this.requests[n];
    if (arrived) return Promise.resolve(arrived);
    const waiting = this.#waiting.get(n) ?? Promise.withResolvers<UpstreamRequest>();
    this.#waiting.set(n, waiting);
    return waiting.promise;
  }

  /** Resolves once the caller of the n-th request closed the connection before the response was finished. */
  async left(n: number): Promise<void> {
    const { closed } = await this.request(n);
    await closed;
  }

  /** Breaks every connection (RST), those that are kept and idle too. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Destroys all connections. Rejects when a script failed for another reason than a caller that left. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    if (this.#scriptError) throw this.#scriptError.error;
  }

  async #play(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const rawBody = await textOf(message);
    if (rawBody === undefined) return;
    const request = new UpstreamRequest(message, response, rawBody);
    const exchange = new UpstreamExchange(request, response);
    const script = this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0];

    const n = this.requests.push(request) - 1;
    this.#waiting.get(n)?.resolve(request);
    try {
      if (!script) throw new Error('A request arrived, but ScriptedUpstream has no script.');
      await script(exchange);
    } catch (error) {
      if (error instanceof CallerLeft) return;
      this.#scriptError ??= { error };
      message.socket.destroy();
    }
  }
}

/** The whole body, or nothing when the caller left before its end. */
async function textOf(message: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of message as AsyncIterable<Buffer>) pieces.push(piece);
  } catch {
    return undefined;
  }
  return Buffer.concat(pieces).toString('utf8');
}
