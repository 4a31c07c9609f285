import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { isJsonObject } from '../../src/contract/json.js';
import { urlOf } from '../support/url-of.js';
import { type Length, promptIn, tokensOf } from './answers.js';
import { Random } from '../load/random.js';
import { UpstreamAnswer } from './upstream-answer.js';
import { type Fault, faultFor } from './upstream-faults.js';
import { type Wire, WIRES } from '../load/upstream-wires.js';

/** How many prompts' attempts are remembered: far more than run at once. */
const MAX_REMEMBERED = 1000;

export interface UpstreamOptions {
  readonly seed: number;
  /** Tells the upstreams' chances apart. */
  readonly salt: number;
  /** Prompts that arrive while it is down. */
  readonly isDown?: (n: number) => boolean;
  /** What it does every time. */
  readonly always?: Fault;
}

/** An upstream that fails in every way there is, and keeps nothing of what it served. */
export class SoakUpstream {
  readonly url: string;
  /** How often it did what. */
  readonly tally = new Map<Fault, number>();
  readonly #sockets = new Set<Socket>();
  /** Requests so far for a prompt: another attempt has another chance. */
  readonly #attempts = new Map<number, number>();

  private constructor(
    private readonly server: Server,
    private readonly wire: Wire,
    private readonly options: UpstreamOptions,
  ) {
    this.url = urlOf(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  static async start(kind: keyof typeof WIRES, options: UpstreamOptions): Promise<SoakUpstream> {
    // It is what Sluice is told, too: so soon it lets go of idle connections.
    const server = createServer({ keepAliveTimeout: 4000, requestTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SoakUpstream(server, WIRES[kind], options);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  get requests(): number {
    return [...this.tally.values()].reduce((sum, count) => sum + count, 0);
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.#sockets) socket.destroy();
    if (this.server.listening) await once(this.server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    try {
      const body = await textOf(request);
      const { n, length } = promptIn(body);
      const { seed, salt } = this.options;
      const random = new Random(seed, n, salt, this.#attempt(n));
      const json: unknown = JSON.parse(body);
      const streams = isJsonObject(json) && json['stream'] === true;
      const fault = this.#faultFor(n, random, length, streams);
      this.tally.set(fault, (this.tally.get(fault) ?? 0) + 1);
      const tokens = restOf(tokensOf(seed, n, length), body);
      await new UpstreamAnswer(response, this.wire, random, length === 'endless').play(
        fault,
        tokens,
        streams,
      );
    } catch {
      // Sluice left; or a mistake of ours, which shows as a cut that no fault accounts for.
      response.destroy();
    }
  }

  #faultFor(n: number, random: Random, length: Length, streams: boolean): Fault {
    const { isDown, always } = this.options;
    if (always) return always;
    return isDown?.(n) ? 'error503' : faultFor(random, length, streams);
  }

  #attempt(n: number): number {
    const attempt = this.#attempts.get(n) ?? 0;
    this.#attempts.set(n, attempt + 1);
    if (this.#attempts.size > MAX_REMEMBERED) {
      this.#attempts.delete(this.#attempts.keys().next().value!);
    }
    return attempt;
  }
}

/** What is left to say for a target that was given the beginning. */
function restOf(tokens: readonly string[], body: string): readonly string[] {
  const { messages } = JSON.parse(body) as { messages: { role: string; content: unknown }[] };
  const last = messages.at(-1);
  if (last?.role !== 'assistant' || typeof last.content !== 'string') return tokens;
  const text = tokens.join('');
  return text.startsWith(last.content) ? [text.slice(last.content.length)] : tokens;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
